// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore

extension FirestoreDocumentReference {
    /// The document, as it is now and whenever it changes, or that it is not there.
    ///
    /// - Parameter includesMetadata: whether to hear as well that the server cannot be reached, and that it can be again.
    /// - Returns: the states; they throw `.forbidden` where the rules do not allow it.
    public func snapshots(includesMetadata: Bool = false) -> FirestoreSnapshots<FirestoreDocumentSnapshot> {
        FirestoreSnapshots(
            feed: Feed(
                open: {
                    do throws(FreshetError) {
                        let watches = try self.firestore.watches.get()
                        return watches.open(.document(try self.name.get()), metadata: includesMetadata)
                    } catch {
                        return FirestoreWatches.refused(error)
                    }
                },
                decoder: { Self.decoder() }
            )
        )
    }

    private static func decoder() -> FeedDecoder<FirestoreDocumentSnapshot?> {
        var document: FirestoreDocument?
        var last: FirestoreTimestamp?
        return FeedDecoder(decode: { item throws(FreshetError) -> FirestoreDocumentSnapshot? in
            var isAway = false
            switch try FirestoreItem.reading(item) {
            case .nothing: return nil
            case .away: isAway = true
            case .state(let documents, let time): (document, last) = (documents.first, time)
            case .change(let documents, let removed, let time):
                if let now = documents.first { document = now } else if !removed.isEmpty { document = nil }
                last = time
            }
            return last.map { FirestoreDocumentSnapshot(document: document, readTime: $0, isFromCache: isAway) }
        })
    }
}
