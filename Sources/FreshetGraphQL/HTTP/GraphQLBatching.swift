// SPDX-License-Identifier: Apache-2.0

/// When queries are sent together: as a JSON array, which the server must understand. Mutations never are.
public struct GraphQLBatching: Sendable, Hashable {
    /// How long the first query waits for others.
    public var interval: Duration
    /// How many queries one request has at most.
    public var limit: Int

    /// Makes a rule.
    ///
    /// - Parameters:
    ///   - interval: how long the first query waits for others.
    ///   - limit: how many queries one request has at most.
    public init(interval: Duration = .milliseconds(10), limit: Int = 10) {
        self.interval = interval
        self.limit = max(limit, 1)
    }
}
