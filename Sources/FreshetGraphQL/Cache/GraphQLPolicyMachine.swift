// SPDX-License-Identifier: Apache-2.0

/// What a query does next under a ``GraphQLCachePolicy``.
///
/// | policy | begins with | hit | miss | fetched | failed |
/// |---|---|---|---|---|---|
/// | `cacheFirst` | the cache | emit | fetch | emit | fail |
/// | `networkFirst` | the server | emit | fail, as the server did | emit | read |
/// | `networkOnly` | the server | | | emit | fail |
/// | `cacheOnly` | the cache | emit | fail, as missing | | |
/// | `cacheAndNetwork` | the cache | emit, and fetch | fetch | emit | fail |
package struct GraphQLPolicyMachine: Sendable {
    package enum Event: Sendable {
        case began
        /// What the cache said.
        case hit, miss
        /// What became of asking the server.
        case fetched, failed
    }

    package enum Action: Sendable, Equatable {
        /// Look into the cache.
        case read
        /// Ask the server.
        case fetch
        /// Hand out what has just come.
        case emit
        /// That was all.
        case finish
        /// End with: it is not in the cache.
        case failMissing
        /// End with what the server, or the way to it, failed with.
        case failFetching
    }

    private let policy: GraphQLCachePolicy

    package init(_ policy: GraphQLCachePolicy) {
        self.policy = policy
    }

    package func on(_ event: Event) -> [Action] {
        switch (event, self.policy) {
        case (.began, .cacheFirst), (.began, .cacheOnly), (.began, .cacheAndNetwork): [.read]
        case (.began, .networkFirst), (.began, .networkOnly): [.fetch]
        case (.hit, .cacheAndNetwork): [.emit, .fetch]
        case (.hit, _), (.fetched, _): [.emit, .finish]
        case (.miss, .cacheOnly): [.failMissing]
        case (.miss, .networkFirst): [.failFetching]
        case (.miss, _): [.fetch]
        case (.failed, .networkFirst): [.read]
        case (.failed, _): [.failFetching]
        }
    }
}
