// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore

extension FirestoreQueryable {
    /// The documents, as they are now and whenever they change.
    ///
    /// ```swift
    /// for try await snapshot in users.where("age", .greaterThanOrEqual, 18).snapshots() {
    ///     for change in snapshot.changes { print(change.kind, change.document.id) }
    /// }
    /// ```
    ///
    /// - Parameter includesMetadata: whether to hear as well that the server cannot be reached, and that it can be again.
    /// - Returns: the states; they throw `.forbidden` where the rules do not allow it, `.rejected` for what the server takes for no
    ///   query or has no index for.
    public func snapshots(includesMetadata: Bool = false) -> FirestoreSnapshots<FirestoreQuerySnapshot> {
        let query = self.query
        return FirestoreSnapshots(
            feed: Feed(
                open: {
                    do throws(FreshetError) {
                        let watches = try query.firestore.watches.get()
                        return watches.open(.query(try query.checkedForWatch()), metadata: includesMetadata)
                    } catch {
                        return FirestoreWatches.refused(error)
                    }
                },
                decoder: { Self.decoder(of: query) }
            )
        )
    }

    private static func decoder(of query: FirestoreQuery) -> FeedDecoder<FirestoreQuerySnapshot?> {
        // One that cannot be asked has no items either.
        var view = (try? query.checked()).map { FirestoreView($0) }
        var last: FirestoreTimestamp?
        return FeedDecoder(decode: { item throws(FreshetError) -> FirestoreQuerySnapshot? in
            let changes: [FirestoreDocumentChange]
            var isAway = false
            switch try FirestoreItem.reading(item) {
            case .nothing: return nil
            case .away:
                (isAway, changes) = (true, [])
            case .state(let documents, let time):
                changes = view?.replace(by: documents) ?? []
                last = time
            case .change(let documents, let removed, let time):
                changes = view?.apply(documents, removed: removed) ?? []
                last = time
            }
            guard let last, let view else { return nil }
            return FirestoreQuerySnapshot(
                documents: view.documents,
                changes: changes,
                readTime: last,
                isFromCache: isAway
            )
        })
    }
}

extension FirestoreQuery {
    /// Watches have no offset.
    func checkedForWatch() throws(FreshetError) -> FirestoreStructuredQuery {
        let query = try self.checked()
        guard query.offset == 0 else {
            throw FreshetError(
                .invalidInput,
                "a query with an offset cannot be watched",
                hint: "say where to start instead"
            )
        }
        return query
    }
}
