// SPDX-License-Identifier: Apache-2.0

/// Where a query's result comes from: the cache, the server, or both.
public enum GraphQLCachePolicy: Sendable, Hashable, CaseIterable {
    /// From the cache when all of it is there, otherwise from the server.
    case cacheFirst
    /// From the server; from the cache when the server cannot be asked and all of it is there.
    case networkFirst
    /// From the server. What it says goes into the cache.
    case networkOnly
    /// From the cache. The server is never asked; what is not there is an error.
    case cacheOnly
    /// From the cache at once, when all of it is there, and then from the server in any case.
    case cacheAndNetwork
}
