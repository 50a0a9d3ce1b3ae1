// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Deliberate bugs, off by default: what the simulator must find if it is worth anything. Each changes what the engine is
/// told, or what it has decided, in the way of a bug that somebody really had.
package enum Mutation: String, CaseIterable, Sendable {
    /// A drop is not told in the feed (every client that "silently reconnects").
    case silentGap = "silent-gap"
    /// Frames of a connection that was replaced still count (Apollo iOS 3649).
    case oldSocketSpeaks = "old-socket-speaks"
    /// The cursor is off by one after a drop (dfuse client-js 52, the other way round).
    case cursorOffByOne = "cursor-off-by-one"
    /// What a consumer left is not unsubscribed on the server (supabase, graphql-ws D9).
    case leakedSubscription = "leaked-subscription"
    /// What was held back while the snapshot was fetched is thrown away with it.
    case snapshotWithoutChanges = "snapshot-without-changes"
    /// A mutation in flight is sent again after a drop (graphql-ws D11).
    case mutationSentTwice = "mutation-sent-twice"
    /// One drop of a slow consumer is not counted (nats.swift 120).
    case overflowMiscounted = "overflow-miscounted"

    /// One number that the server does not have is not counted.
    case holeMiscounted = "hole-miscounted"

    /// That there is no WebSocket, and what comes is polled, is not told.
    case silentPolling = "silent-polling"
    /// When the WebSocket is there again, the last poll is handed out once more.
    case polledTwice = "polled-twice"

    /// What is delivered instead.
    func changing(_ items: [FeedItem]) -> [FeedItem] {
        switch self {
        case .silentGap:
            items.filter { item in
                if case .gap(let gap) = item { return gap.cause != .unknown }
                return true
            }
        case .snapshotWithoutChanges:
            items.contains { if case .snapshot = $0 { true } else { false } }
                ? items.filter { if case .update = $0 { false } else { true } } : items
        case .silentPolling:
            items.filter { if case .rest(.gap) = $0 { false } else { true } }
        case .holeMiscounted:
            items.map { item in
                guard case .gap(var gap) = item, gap.cause == .historyLost, let count = gap.count else { return item }
                gap.count = count - 1
                return .gap(gap)
            }
        case .polledTwice, .oldSocketSpeaks, .cursorOffByOne, .leakedSubscription, .mutationSentTwice,
            .overflowMiscounted:
            items
        }
    }

    /// What a consumer is handed instead.
    func changingTaken(_ items: [FeedItem]) -> [FeedItem] {
        guard case .overflowMiscounted = self else { return items }
        return items.map { item in
            guard case .gap(var gap) = item, let count = gap.count, count > 3 else { return item }
            gap.count = count - 1
            return .gap(gap)
        }
    }
}
