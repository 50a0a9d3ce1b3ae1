// SPDX-License-Identifier: Apache-2.0

/// What may be missing from a feed, and why. It stands in the feed before whatever follows it.
public struct Gap: Sendable, Hashable {
    /// Why something may be missing.
    public enum Cause: String, Sendable, Hashable, Codable {
        /// The connection broke and the source cannot tell what happened meanwhile.
        case unknown
        /// The consumer was too slow for its feed's policy, and elements were dropped.
        case overflow
        /// The source no longer has what came since the feed's position.
        case historyLost
        /// The same, and the source says why: it keeps only what is newer (etcd's compaction, 410 of Kubernetes).
        case compacted
        /// There is no WebSocket to be had, and the feed's snapshot function is asked again and again instead: what comes and
        /// goes between two questions is not seen. It stands where that begins; where it ends nothing is missing.
        case polling
    }

    /// Why something may be missing.
    public var cause: Cause

    /// How many elements are missing, where that is known; nil means unknown, never none.
    public var count: Int?

    /// What happened, for people to read.
    public var reason: String

    /// From the loss of the connection to the new subscription.
    public var outage: Duration

    /// Makes a gap, as a test of your own might.
    ///
    /// - Parameters:
    ///   - cause: why something may be missing.
    ///   - count: how many elements are missing, where that is known.
    ///   - reason: what happened, for people to read.
    ///   - outage: how long the feed was not subscribed.
    public init(cause: Cause, count: Int? = nil, reason: String, outage: Duration) {
        self.cause = cause
        self.count = count
        self.reason = reason
        self.outage = outage
    }
}

extension Gap {
    /// Both in one: gaps with nothing between them are one, however often the connection breaks meanwhile.
    package func merged(with later: Gap) -> Gap {
        var merged = later
        merged.outage += self.outage
        if self.cause == .overflow, later.cause == .overflow {
            merged.count = if let count = self.count, let more = later.count { count + more } else { nil }
        } else {
            let causes = [self.cause, later.cause]
            merged.cause = [.historyLost, .compacted, .polling].first { causes.contains($0) } ?? .unknown
            merged.count = nil
        }
        return merged
    }
}
