// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore
public import FreshetDocuments

/// The children of a place, or those that a query is about, as documents.
///
/// A document's version is the hash that the server compares with: the same value has the same version.
public struct RealtimeChildren<Value: Sendable>: DocumentCollection {
    let reference: RealtimeReference
    let coding: DocumentCoding<Value>

    // MARK: - Reading

    /// Reads a child.
    ///
    /// - Parameter key: its key, or the keys that lead to something below it; nothing: the place itself.
    /// - Returns: the document.
    /// - Throws: `.notFound`, `.forbidden`, `.decoding`, or why there was no answer.
    public func get(_ key: String) async throws(FreshetError) -> Document<Value> {
        let place = try self.place(key)
        let node = try await place.database.node(at: place.target)
        guard !node.isEmpty else { throw Self.missing(key) }
        return try Self.document(key.isEmpty ? self.reference.key ?? "" : key, node, self.coding)
    }

    /// Reads all children, as they are now.
    ///
    /// - Returns: the documents, in the order of the query. There is no position.
    /// - Throws: `.forbidden`, `.decoding`, or why there was no answer.
    public func list() async throws(FreshetError) -> DocumentSnapshot<Value> {
        try self.reference.check()
        let node = try await self.reference.database.node(at: self.reference.target)
        var documents: [Document<Value>] = []
        for (key, child) in self.reference.target.query.order.children(of: node) {
            documents.append(try Self.document(key, child, self.coding))
        }
        return DocumentSnapshot(documents: documents, changes: documents.map { .added($0) })
    }

    private func place(_ key: String) throws(FreshetError) -> RealtimeReference {
        let place = self.reference.child(key)
        try place.check()
        return place
    }

    private static func missing(_ key: String) -> FreshetError {
        FreshetError(.notFound, "there is nothing at \(key.isEmpty ? "this place" : key.prefix(200).description)")
    }

    private static func document(
        _ key: String,
        _ node: RealtimeNode,
        _ coding: DocumentCoding<Value>
    ) throws(FreshetError) -> Document<Value> {
        do throws(FreshetError) {
            return Document(key: key, version: node.hash, value: try coding.decode(Self.bytes(node)))
        } catch {
            throw FreshetError(error.kind, "the document \(key): \(error.message)", hint: error.hint)
        }
    }

    private static func bytes(_ node: RealtimeNode) -> Bytes { Bytes(copying: RealtimeJSON.bytes(node.json)) }

    // MARK: - Writing

    /// Writes a child that is not there yet.
    ///
    /// - Parameters:
    ///   - key: its key.
    ///   - value: what it is to be.
    /// - Returns: its version.
    /// - Throws: `.conflict` with its version when it is there, `.outcomeUnknown`, or why it could not be written.
    @discardableResult
    public func create(_ key: String, _ value: Value) async throws(FreshetError) -> String {
        try await self.write(key, value, ifHash: "")
    }

    /// Writes a child, whether or not it is there.
    ///
    /// - Parameters:
    ///   - key: its key.
    ///   - value: what it is to be.
    /// - Returns: its version.
    /// - Throws: `.outcomeUnknown`, or why it could not be written.
    @discardableResult
    public func put(_ key: String, _ value: Value) async throws(FreshetError) -> String {
        try await self.write(key, value)
    }

    /// Writes a child if it is still of a version.
    ///
    /// - Parameters:
    ///   - key: its key.
    ///   - value: what it is to be.
    ///   - version: the version.
    /// - Returns: its new version.
    /// - Throws: `.conflict` with its version when it is of another one or gone, `.outcomeUnknown`, or why it could not be written.
    @discardableResult
    public func update(_ key: String, _ value: Value, ifVersion version: String) async throws(FreshetError) -> String {
        guard !version.isEmpty else { throw FreshetError(.invalidInput, "a version is not empty") }
        return try await self.write(key, value, ifHash: version)
    }

    /// Removes a child.
    ///
    /// - Parameters:
    ///   - key: its key.
    ///   - version: only if it is still of this version; nil: whatever it is.
    /// - Throws: `.notFound`, `.conflict` with its version, `.outcomeUnknown`, or why it could not be removed.
    public func delete(_ key: String, ifVersion version: String? = nil) async throws(FreshetError) {
        let place = try self.place(key)
        let now = try await place.database.node(at: place.target)
        guard !now.isEmpty else { throw Self.missing(key) }
        try await self.write(.null, at: place, ifHash: version)
    }

    private func write(_ key: String, _ value: Value, ifHash hash: String? = nil) async throws(FreshetError) -> String {
        let place = try self.place(key)
        guard let json = RealtimeJSON.value(try self.coding.encode(value)) else {
            throw FreshetError(
                .invalidInput,
                "only JSON can be written",
                hint: "a text has quotes around it, as in '\"text\"'"
            )
        }
        guard !RealtimeNode(json).isEmpty || RealtimeValue.isFilledIn(json) else {
            throw FreshetError(
                .invalidInput,
                "there is nothing in what is to be written",
                hint: "delete the document instead"
            )
        }
        try RealtimeValue.check(json)
        try await self.write(json, at: place, ifHash: hash)
        guard RealtimeValue.isFilledIn(json) else { return RealtimeNode(json).hash }
        do throws(FreshetError) {
            return try await place.database.node(at: place.target).hash
        } catch {
            guard error.kind != .cancelled else { throw error }
            // A plain error would be taken for that of the write, which would then be done once more.
            throw FreshetError(
                .outcomeUnknown,
                "\(place.path) was written, but what the server filled in could not be read: \(error.message)",
                hint: "get it, and do not write it again"
            )
        }
    }

    private func write(_ json: JSONValue, at place: RealtimeReference, ifHash hash: String?) async throws(FreshetError)
    {
        do throws(FreshetError) {
            try await place.put(json, ifHash: hash)
        } catch {
            guard case .conflict = error.kind else { throw error }
            let now = try await place.database.node(at: place.target)
            throw FreshetError(
                .conflict(version: now.isEmpty ? nil : now.hash),
                now.isEmpty ? "\(place.path) is gone" : "\(place.path) has another version: \(now.hash)",
                hint: "get it again, and make the change to that"
            )
        }
    }

    // MARK: - Watching

    /// The children, and then every change of one.
    ///
    /// After a drop there is a gap, and then all children with what differs: values that were superseded meanwhile are not seen
    /// (`convergent`). Each change of a child, or of anything below it, has the whole child.
    ///
    /// - Parameters:
    ///   - start: where to begin. `.now`: with changes alone; the first gap is followed by the whole state. `.after`: the same as
    ///     `.snapshot`: a database keeps no changes.
    ///   - delivery: what happens when the consumer is slow.
    ///   - bookmarks: there are none.
    /// - Returns: a feed that throws `.forbidden` when the rules deny it, at the beginning or later; `.decoding`; or what ended the
    ///   connection for good.
    public func watch(
        from start: DocumentStart = .snapshot,
        delivery: DeliveryPolicy = .suspending,
        bookmarks: Bool = false
    ) -> Feed<DocumentEvent<Value>> {
        let refusal: FreshetError?
        do throws(FreshetError) {
            try self.reference.check()
            refusal = self.reference.database.refusal
        } catch {
            refusal = error
        }
        guard let subscriptions = self.reference.database.subscriptions, refusal == nil else {
            let error = refusal ?? FreshetError(.clientClosed, "there is no client")
            return Feed(open: { self.reference.database.refusing(error) }) { _ throws(FreshetError) in throw error }
        }
        return subscriptions.documents(
            self.reference.opening(isNew: start == .now),
            delivery: delivery,
            reader: Self.reader(self.reference.target.query.order),
            coding: self.coding
        )
    }

    private static func reader(_ order: RealtimeOrder) -> DocumentReader {
        DocumentReader(
            changes: { payload throws(FreshetError) in
                RawChanges(
                    try RealtimePayload.children(payload).map { key, node in
                        node.isEmpty ? .delete(key: key, version: "") : .put(Self.raw(key, node))
                    },
                    position: nil
                )
            },
            listing: { payload throws(FreshetError) in
                let node = try RealtimePayload.state(payload)
                return DocumentListing(order.children(of: node).map { Self.raw($0.key, $0.node) }, position: nil)
            }
        )
    }

    private static func raw(_ key: String, _ node: RealtimeNode) -> RawDocument {
        RawDocument(key: key, version: node.hash, value: Self.bytes(node))
    }
}
