// SPDX-License-Identifier: Apache-2.0

/// How fast subscriptions are sent, so that hundreds of them do not hit a server that has just come up all at once.
public struct SubscriptionPace: Sendable, Hashable {
    /// How many are sent without a pause.
    public var burst: Int

    /// The pause before as many again.
    public var interval: Duration

    /// Makes a pace.
    ///
    /// - Parameters:
    ///   - burst: how many are sent without a pause; at least 1.
    ///   - interval: the pause before as many again.
    public init(burst: Int = 64, interval: Duration = .milliseconds(20)) {
        self.burst = max(burst, 1)
        self.interval = interval
    }
}
