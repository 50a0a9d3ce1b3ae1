// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore

extension RealtimeReference {
    /// What is there, now and after each change; of a query, the children that it is about.
    ///
    /// It begins with a snapshot, also where nothing is there. After a drop there is a gap, and then a snapshot of what is there then:
    /// values that were there meanwhile are not seen (`convergent`). Places that are observed several times are asked for once.
    ///
    /// Each iteration is a feed of its own, which ends when the loop is left.
    ///
    /// - Parameters:
    ///   - type: what it is decoded as.
    ///   - delivery: what happens when the consumer is slow: suspending or failing. Others drop what each later value is made of, and
    ///     are refused with `.invalidInput`.
    /// - Returns: a feed of values, nil when nothing is there. It throws `.forbidden` when the rules deny it, at the beginning or later;
    ///   `.decoding`; or what ended the connection for good.
    public func observe<Value: Decodable & Sendable>(
        as type: Value.Type = Value.self,
        delivery: DeliveryPolicy = .suspending
    ) -> Feed<FeedEvent<Value?>> {
        let place = self.path
        return Feed(open: { self.open(delivery) }) {
            var node = RealtimeNode()
            return FeedDecoder(decode: { item throws(FreshetError) in
                switch item.content {
                case .gap(let gap): return .gap(gap)
                case .snapshot(let payload):
                    node = try RealtimePayload.state(payload)
                    return .snapshot(try node.decoded(as: type, at: place))
                case .update(let payload):
                    for (key, child) in try RealtimePayload.children(payload) { node.set(child, at: [key]) }
                    return .update(try node.decoded(as: type, at: place))
                case .value, .bookmark, .rest: throw RealtimePayload.unreadable
                }
            })
        }
    }

    /// The children as documents: read, written and watched by their keys.
    ///
    /// - Parameter type: what each of them is decoded as.
    /// - Returns: the collection.
    public func children<Value: Codable & Sendable>(of type: Value.Type = Value.self) -> RealtimeChildren<Value> {
        self.children(of: type, coding: .json)
    }

    /// The children as documents, with a coding of your own: of JSON, and to JSON.
    ///
    /// - Parameters:
    ///   - type: what each of them is decoded as.
    ///   - coding: how they become values, and values documents.
    /// - Returns: the collection.
    public func children<Value: Sendable>(
        of type: Value.Type = Value.self,
        coding: DocumentCoding<Value>
    ) -> RealtimeChildren<Value> {
        RealtimeChildren(reference: self, coding: coding)
    }

    private func open(_ delivery: DeliveryPolicy) -> FeedBuffer {
        do throws(FreshetError) {
            try self.check()
            // What is dropped would be missing from every value after it.
            guard delivery.overflow == .suspending || delivery.overflow == .failOnOverflow else {
                throw FreshetError(.invalidInput, "a value is observed without dropping changes of it")
            }
        } catch {
            return self.database.refusing(error)
        }
        guard let subscriptions = self.database.subscriptions else {
            let error = self.database.refusal ?? FreshetError(.clientClosed, "there is no client")
            return self.database.refusing(error)
        }
        return subscriptions.open(self.opening(isNew: false), delivery: delivery)
    }

    func opening(isNew: Bool) -> SubscriptionEngine<RealtimeSource>.Opening {
        SubscriptionEngine<RealtimeSource>.Opening(
            .listen(self.target, isNew: isNew),
            recovery: isNew ? .position(overlap: 0) : .none,
            isShared: false
        )
    }
}

/// Reads what a `RealtimeSource` hands out.
enum RealtimePayload {
    static func state(_ payload: Bytes) throws(FreshetError) -> RealtimeNode {
        guard let value = RealtimeJSON.value(payload) else { throw Self.unreadable }
        return RealtimeNode(value)
    }

    /// The children that have changed; an empty one is gone.
    static func children(_ payload: Bytes) throws(FreshetError) -> [(key: String, node: RealtimeNode)] {
        guard case .object(let members)? = RealtimeJSON.value(payload) else { throw Self.unreadable }
        return members.keys.sorted(by: RealtimeKey.areInOrder).map { ($0, RealtimeNode(members[$0] ?? .null)) }
    }

    static var unreadable: FreshetError {
        FreshetError(.protocolViolation, "something came out of the database that is no value")
    }
}
