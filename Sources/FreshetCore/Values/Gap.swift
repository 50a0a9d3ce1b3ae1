// SPDX-License-Identifier: Apache-2.0

/// What may be missing from a feed, and why. It stands in the feed before whatever follows it.
public struct Gap: Sendable, Hashable {
    /// Why something may be missing.
    public enum Cause: String, Sendable, Hashable {
        /// The connection broke and the source cannot tell what happened meanwhile.
        case unknown
    }

    /// Why something may be missing.
    public var cause: Cause

    /// What ended the connection, for people to read.
    public var reason: String

    /// From the loss of the connection to the new subscription.
    public var outage: Duration

    /// Makes a gap, as a test of your own might.
    ///
    /// - Parameters:
    ///   - cause: why something may be missing.
    ///   - reason: what ended the connection, for people to read.
    ///   - outage: how long the feed was not subscribed.
    public init(cause: Cause, reason: String, outage: Duration) {
        self.cause = cause
        self.reason = reason
        self.outage = outage
    }
}
