// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore

extension NATSBucket {
    /// The document of a key, as it is now.
    ///
    /// - Parameter key: its key.
    /// - Returns: the document, with its version.
    /// - Throws: `.notFound` when there is none, or none any more; `.decoding`; `.timeout`, or what ended the connection.
    public func get(_ key: String) async throws(FreshetError) -> Document<Value> {
        let entry = try await self.entry(of: key)
        guard entry.operation == .put else { throw Self.missing(key) }
        return Document(key: key, version: entry.version, value: try self.coding.decode(entry.value))
    }

    /// The last word about a key: a value, or that it is gone.
    func entry(of key: String) async throws(FreshetError) -> NATSEntry {
        let subject = try self.subject(of: key)
        do throws(FreshetError) {
            if let entry = try await self.directEntry(subject) { return entry }
            if let entry = try await self.storedEntry(subject) { return entry }
            throw self.reader.unreadable
        } catch {
            throw error.kind == .notFound ? Self.missing(key, error.message) : error
        }
    }

    /// As any server of a cluster has it. Nil where the stream does not allow that, or does not answer.
    private func directEntry(_ subject: String) async throws(FreshetError) -> NATSEntry? {
        guard try await self.client.allowsDirectGets(self.stream) else { return nil }
        let prefix = self.client.configuration.apiPrefix
        let call = NATSCall(subject: "\(prefix).DIRECT.GET.\(self.stream).\(subject)", isRepeatable: true)
        let frame: NATSFrame
        do throws(FreshetError) {
            frame = try await self.client.answer(to: call)
        } catch {
            // A stream that is not there any more does not say so.
            self.client.forgetDirectGets(self.stream)
            guard case .timeout = error.kind else { throw error }
            return nil
        }
        guard !frame.isNobody else { return nil }
        try frame.checkStatus(of: call.subject)
        return NATSEntry(direct: frame, in: self.name)
    }

    private func storedEntry(_ subject: String) async throws(FreshetError) -> NATSEntry? {
        let reply = try await self.client.api(
            "STREAM.MSG.GET.\(self.stream)",
            ["last_by_subj": .string(subject)],
            as: NATSMessageReply.self
        )
        return NATSEntry(reply.message, in: self.name)
    }

    static func missing(_ key: String, _ reason: String? = nil) -> FreshetError {
        FreshetError(.notFound, "there is no \(key) in the bucket" + (reason.map { ": \($0)" } ?? ""))
    }

    /// All documents, as they are now.
    ///
    /// - Returns: the documents, the one that was written last at the end.
    /// - Throws: `.notFound` when there is no such bucket, `.decoding`, `.messageTooLarge` when it is more than the client's
    ///   `stateLimit`, `.timeout`, or what ended the connection.
    public func list() async throws(FreshetError) -> DocumentSnapshot<Value> {
        if let refusal = self.refusal { throw refusal }
        let state = try await self.client.listing(self.consumption(.lastPerSubject, .listing))
        var tracker = DocumentTracker(coding: self.coding, reader: self.reader.reader)
        guard case .snapshot(let snapshot) = try tracker.event(.snapshot(state)) else { throw self.reader.unreadable }
        return snapshot
    }

    /// The values that a key has had, as far as the bucket keeps them.
    ///
    /// - Parameter key: the key.
    /// - Returns: the newest at the end; empty when the key was never there.
    /// - Throws: `.notFound` when there is no such bucket, `.decoding`, `.timeout`, or what ended the connection.
    public func history(of key: String) async throws(FreshetError) -> [NATSRevision<Value>] {
        var consumption = self.consumption(.first, .listing)
        consumption.filter = try self.subject(of: key)
        consumption.isWhole = false
        let state = try await self.client.listing(consumption)
        var revisions: [NATSRevision<Value>] = []
        for entry in try self.reader.entries(of: state).entries {
            let operation: NATSRevision<Value>.Operation =
                switch entry.operation {
                case .put: .put(try self.coding.decode(entry.value))
                case .delete: .deleted
                case .purge: .purged
                }
            revisions.append(NATSRevision(version: entry.version, time: entry.time ?? 0, operation: operation))
        }
        return revisions
    }

    func consumption(_ start: NATSConsumption.Start, _ shape: NATSConsumption.Shape) -> NATSConsumption {
        NATSConsumption(
            stream: self.stream,
            filter: "$KV.\(self.name).\(self.filter)",
            isWhole: self.filter == ">",
            start: start,
            shape: shape
        )
    }

    /// The documents, and then every change.
    ///
    /// After a drop there is a gap, and then the whole state with what differs: that is always right at its end, but values that
    /// were superseded meanwhile are not seen (`convergent`). What is removed without a word from the server, by age or by purging the
    /// stream itself, is seen with the next whole state.
    ///
    /// Each iteration is a watch of its own, which ends when the loop is left.
    ///
    /// - Parameters:
    ///   - start: where to begin. `.now`: with changes alone; the first gap is followed by the whole state. `.after`: the same as
    ///     `.snapshot`: a bucket keeps no changes, and what a process has seen before does not help another.
    ///   - delivery: what happens when the consumer is slow. `.latestPerKey` finds no keys here.
    ///   - bookmarks: whether to hear of positions without changes too.
    /// - Returns: a feed that throws `.notFound` when there is no such bucket, `.forbidden`, `.decoding`, `.messageTooLarge` when it
    ///   is more than the client's `stateLimit`, or what ended the connection for good.
    public func watch(
        from start: DocumentStart = .snapshot,
        delivery: DeliveryPolicy = .suspending,
        bookmarks: Bool = false
    ) -> Feed<DocumentEvent<Value>> {
        let beginsNow = start == .now
        let opening = SubscriptionEngine<NATSSource>.Opening(
            .consume(self.consumption(beginsNow ? .new : .lastPerSubject, .documents)),
            recovery: beginsNow ? .position(overlap: 0) : .none,
            // Without one it has been told that its history is lost.
            from: beginsNow ? NATSPosition.before(1).position : nil,
            isShared: false,
            hearsBookmarks: bookmarks
        )
        guard let subscriptions = self.client.subscriptions, self.refusal == nil else {
            let error = self.client.refusal ?? self.refusal ?? FreshetError(.clientClosed, "there is no client")
            return Feed(open: { self.client.refusing(error) }) { _ throws(FreshetError) in throw error }
        }
        return subscriptions.documents(opening, delivery: delivery, reader: self.reader.reader, coding: self.coding)
    }
}
