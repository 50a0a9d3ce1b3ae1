// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

extension SubscriptionClient {
    /// Subscribes, and makes up for what is missed by a function that gets the whole state in another way, such as HTTP.
    ///
    /// It begins with the state. After a drop there is a gap, the state, and what came meanwhile. While there is no WebSocket to be
    /// had the function is called again and again, as ``FallbackPolicy`` says: a gap of cause `polling`, then the state whenever its
    /// bytes differ. When the WebSocket is there the subscription takes over without a gap. Where an element's
    /// ``FeedSource/mark(of:in:)`` is no newer than the `versions` of the state, it is not handed out after it.
    ///
    /// - Parameters:
    ///   - request: what to ask for.
    ///   - delivery: what happens when the consumer is slow.
    ///   - snapshot: the function; it gets the validator of the last state that was handed out, or nil, and may answer
    ///     `.unchanged`. Its task is cancelled when the answer is not wanted any more, and after 10 s. An error that is no
    ///     `FreshetError` ends the feed.
    /// - Returns: a feed of what the server sends.
    public func subscribe(
        to request: Source.Request,
        delivery: DeliveryPolicy = .suspending,
        snapshot: @escaping @Sendable (_ validator: String?) async throws -> Snapshot<Bytes>
    ) -> Feed<FeedEvent<Bytes>> {
        let opening = SubscriptionEngine<Source>.Opening(request, recovery: .snapshot, isPollable: true)
        let fetch: SnapshotFetch = { request throws(FreshetError) in
            let answer = try await FreshetError.calling("snapshot") { try await snapshot(request.validator) }
            return answer.fetched { .snapshot($0) }
        }
        return Feed(
            open: { self.open(opening, delivery: delivery, fetch: fetch) },
            decode: { item throws(FreshetError) in try Self.event(item) }
        )
    }
}
