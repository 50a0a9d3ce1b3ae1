// SPDX-License-Identifier: Apache-2.0

import Freshet
public import FreshetCore

/// The states of a document or a query: the present one, and a new one whenever it changes.
///
/// Each iteration is a watch of its own. It begins with the first `next()`, and ends when the loop is left or its task cancelled.
/// After a drop it goes on by itself: states that were superseded meanwhile are not seen, and the next one is right. A consumer that is
/// so slow that 4,096 states wait for it holds up all watches of its client.
public struct FirestoreSnapshots<Snapshot: Sendable>: AsyncSequence, Sendable {
    /// What ends a watch: rules that do not allow it, a query without its index, a closed client.
    public typealias Failure = FreshetError

    let feed: Feed<Snapshot?>

    /// Makes an iterator; nothing happens before its first `next()`.
    public func makeAsyncIterator() -> Iterator { Iterator(inner: self.feed.makeAsyncIterator()) }

    /// Takes the states one by one.
    public struct Iterator: AsyncIteratorProtocol {
        var inner: Feed<Snapshot?>.Iterator

        /// The next state.
        ///
        /// - Returns: the state; nil when the task was cancelled.
        /// - Throws: `FreshetError` once, when the watch cannot go on: `.forbidden`, `.rejected`, `.decoding`.
        public mutating func next() async throws(FreshetError) -> Snapshot? {
            try await self.next(isolation: nil)
        }

        /// The next state.
        ///
        /// - Parameter isolation: where the caller runs.
        /// - Returns: the state; nil when the task was cancelled.
        /// - Throws: `FreshetError` once, when the watch cannot go on: `.forbidden`, `.rejected`, `.decoding`.
        public mutating func next(isolation: isolated (any Actor)?) async throws(FreshetError) -> Snapshot? {
            while let element = try await self.inner.next(isolation: isolation) {
                if let element { return element }
            }
            return nil
        }
    }
}

/// What an item of a watch's feed says.
enum FirestoreItem {
    /// The whole state.
    case state([FirestoreDocument], time: FirestoreTimestamp)
    case change([FirestoreDocument], removed: [String], time: FirestoreTimestamp)
    case away
    /// Nothing that a state would not say: after a gap there is one.
    case nothing

    static func reading(_ item: FeedItem) throws(FreshetError) -> FirestoreItem {
        switch item {
        case .update(let payload):
            let (documents, removed, time) = try Self.documents(in: payload)
            return .change(documents, removed: removed, time: time)
        case .snapshot(let payload):
            let (documents, _, time) = try Self.documents(in: payload)
            return .state(documents, time: time)
        case .value(is FirestoreOnline.Away, _): return .away
        case .gap, .bookmark, .value: return .nothing
        case .rest(let item): return try Self.reading(item)
        }
    }

    private static func documents(
        in payload: Bytes
    ) throws(FreshetError) -> ([FirestoreDocument], [String], FirestoreTimestamp) {
        let (difference, time) = try FirestoreDifference.reading(payload)
        var documents: [FirestoreDocument] = []
        documents.reserveCapacity(difference.documents.count)
        for json in difference.documents { documents.append(try FirestoreDocument.reading(json)) }
        return (documents, difference.removed, time)
    }
}
