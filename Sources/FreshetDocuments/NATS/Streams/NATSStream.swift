// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore

/// A stream of messages, which JetStream stores.
public struct NATSStream<Value: Sendable>: Sendable {
    /// The stream's name.
    public let name: String
    let client: NATSClient
    let coding: DocumentCoding<Value>

    /// Stores a message.
    ///
    /// - Parameters:
    ///   - value: what is in it.
    ///   - subject: one of the stream's subjects.
    ///   - headers: its headers.
    ///   - id: what tells the message from others: the stream takes one with the same id only once (within its duplicate window, 2 min by
    ///     default). With it the message is sent again when the connection breaks; without it never.
    /// - Returns: where it is in the stream.
    /// - Throws: `.outcomeUnknown` when the connection broke before the server's word came, and there is no id;
    ///   `.server(status: 503)` when no stream has the subject, `.messageTooLarge`, `.timeout`, or what ended the connection.
    @discardableResult
    public func publish(
        _ value: Value,
        to subject: String,
        headers: [NATSHeader] = [],
        id: String? = nil
    ) async throws(FreshetError) -> NATSReceipt {
        try NATSSubject.check(subject, "the subject")
        var fields = NATSHeaders()
        fields.fields = headers.map { NATSHeaders.Field(name: $0.name, value: $0.value) }
        if let id { fields.fields.append(NATSHeaders.Field(name: "Nats-Msg-Id", value: id)) }
        fields.fields.append(NATSHeaders.Field(name: "Nats-Expected-Stream", value: self.name))
        let call = NATSCall(
            subject: subject,
            headers: fields,
            value: try self.coding.encode(value).array,
            isRepeatable: id != nil
        )
        let reply = try await self.client.store(call)
        return NATSReceipt(sequence: reply.seq, isDuplicate: reply.duplicate ?? false)
    }

    /// The messages, one after another, without an end.
    ///
    /// After a drop the feed goes on after the last message, without a gap (`gapless`). When the stream does not keep what comes next
    /// any more, after a drop or because the feed is slower than the stream's limits, there is a gap of cause `compacted`, and when the
    /// stream was made anew one of cause `historyLost`: the feed then goes on with the first message that there is.
    ///
    /// Each iteration is a consumer of its own, which ends when the loop is left.
    ///
    /// - Parameters:
    ///   - start: where to begin.
    ///   - filter: the subjects that count, with `*` and `>`; nil: all of the stream's.
    ///   - delivery: what happens when the consumer is slow. `.latestPerKey` finds no keys here.
    /// - Returns: a feed, whose ``Feed/positioned`` says where to go on; it throws `.notFound` when there is no such stream,
    ///   `.forbidden`, `.decoding`, or what ended the connection for good.
    public func messages(
        from start: NATSStart = .first,
        subject filter: String? = nil,
        delivery: DeliveryPolicy = .suspending
    ) -> Feed<FeedEvent<NATSMessage<Value>>> {
        let opening: Result<SubscriptionEngine<NATSSource>.Opening, FreshetError>
        do throws(FreshetError) {
            opening = .success(try self.opening(start, filter))
        } catch {
            opening = .failure(error)
        }
        return Feed(
            open: {
                switch (opening, self.client.subscriptions) {
                case (.success(let opening), let subscriptions?): subscriptions.open(opening, delivery: delivery)
                case (.failure(let error), _): self.client.refusing(error)
                case (.success, nil):
                    self.client.refusing(
                        self.client.refusal ?? FreshetError(.clientClosed, "there is no client")
                    )
                }
            },
            position: { item in
                guard case .update(let payload) = item.content else { return nil }
                return NATSFrame(parsing: payload)?.delivery.map { NATSPosition($0).position }
            },
            decode: { item throws(FreshetError) in try self.event(item) }
        )
    }

    private func opening(
        _ start: NATSStart,
        _ filter: String?
    ) throws(FreshetError) -> SubscriptionEngine<NATSSource>.Opening {
        try NATSSubject.check(name: self.name, "the name of a stream")
        if let filter { try NATSSubject.check(filter, "the filter", wildcards: true) }
        var position: Position?
        let begins: NATSConsumption.Start
        switch start {
        case .new: begins = .new
        // A position from the outset: a connection that breaks before the first message has missed nothing.
        case .first:
            begins = .first
            position = NATSPosition.before(1).position
        case .sequence(let sequence):
            begins = .first
            position = NATSPosition.before(min(sequence, UInt64(Int64.max))).position
        case .after(let after):
            guard NATSPosition(after) != nil else {
                throw FreshetError(.invalidInput, "the position is none of a stream of NATS")
            }
            begins = .first
            position = after
        }
        let consumption = NATSConsumption(stream: self.name, filter: filter, start: begins, shape: .messages)
        return SubscriptionEngine<NATSSource>.Opening(
            .consume(consumption),
            recovery: .position(overlap: 0),
            from: position,
            isShared: false
        )
    }

    private func event(_ item: FeedItem) throws(FreshetError) -> FeedEvent<NATSMessage<Value>> {
        switch item {
        case .gap(let gap): return .gap(gap)
        case .update(let payload):
            guard let frame = NATSFrame(parsing: payload), let delivery = frame.delivery else { throw self.unreadable }
            let message = NATSMessage(
                subject: frame.subject.text,
                sequence: delivery.streamSequence,
                time: delivery.time,
                headers: frame.headers?.fields.map { NATSHeader($0.name, $0.value) } ?? [],
                value: try self.decoded(frame.value, delivery.streamSequence)
            )
            return .update(message)
        case .rest(let item): return try self.event(item)
        case .snapshot, .value, .bookmark: throw self.unreadable
        }
    }

    private func decoded(_ value: Bytes, _ sequence: UInt64) throws(FreshetError) -> Value {
        do throws(FreshetError) {
            return try self.coding.decode(value)
        } catch {
            throw FreshetError(
                error.kind,
                "message \(sequence) of \(self.name): \(error.message)",
                hint: error.hint ?? "read it as Bytes, or with a coding of your own, to go on after such a message"
            )
        }
    }

    private var unreadable: FreshetError {
        FreshetError(.protocolViolation, "something came out of the stream \(self.name) that is no message")
    }
}
