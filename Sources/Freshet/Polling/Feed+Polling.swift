// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

extension Feed {
    /// A feed without a WebSocket: asks a function again and again, and hands out each state that differs from the last one.
    ///
    /// ```swift
    /// let prices = Feed.polling(PollPace(interval: .seconds(30))) { validator in
    ///     try await api.prices(ifNoneMatch: validator)
    /// }
    /// for try await event in prices { … }
    /// ```
    ///
    /// Every element is a snapshot, and its ``Positioned/source`` is `rest`. Values that are `Equatable` are compared; others count
    /// as different. The function is first called at the first pull, never twice at once, and not while as much waits for the
    /// consumer as its delivery policy allows. Leaving the loop, or cancelling its task, cancels the function's.
    ///
    /// - Parameters:
    ///   - pace: how often to ask, and how much less often while it fails.
    ///   - delivery: what happens when the consumer is slow.
    ///   - snapshot: the function; it gets the validator of the last value, or nil. Its task is cancelled after 10 s.
    /// - Returns: a feed that throws the function's error, unless that is one that trying again may mend (`.unreachable`,
    ///   `.timeout`, `.rateLimited`, a status of 500 or more). An error that is no `FreshetError` ends the feed.
    public static func polling<Value: Sendable>(
        _ pace: PollPace = PollPace(),
        delivery: DeliveryPolicy = .suspending,
        using snapshot: @escaping @Sendable (_ validator: String?) async throws -> Snapshot<Value>
    ) -> Feed<FeedEvent<Value>> where Element == FeedEvent<Value> {
        self.polling(pace, delivery: delivery, time: TimeSource(), using: snapshot)
    }

    package static func polling<Value: Sendable>(
        _ pace: PollPace,
        delivery: DeliveryPolicy = .suspending,
        time: TimeSource,
        using snapshot: @escaping @Sendable (_ validator: String?) async throws -> Snapshot<Value>
    ) -> Feed<FeedEvent<Value>> where Element == FeedEvent<Value> {
        Feed(
            open: {
                PollRun.begin(pace, delivery, time: time) { validator throws(FreshetError) in
                    try await FreshetError.calling("snapshot") { try await snapshot(validator) }.fetched()
                }
            },
            decode: { item throws(FreshetError) in
                switch item.content {
                case .value(let value as Value, _): .snapshot(value)
                case .gap(let gap): .gap(gap)
                default: throw FreshetError(.decoding, "a snapshot of another type")
                }
            }
        )
    }
}
