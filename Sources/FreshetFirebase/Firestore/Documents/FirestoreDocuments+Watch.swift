// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import Freshet
public import FreshetCore
public import FreshetDocuments

extension FirestoreDocuments {
    /// Watches the documents: the whole state, and then what changes, always from one moment to another.
    ///
    /// Leaving the loop, or cancelling its task, ends the watch. After a drop it goes on by itself: changes that were superseded
    /// meanwhile are not seen, and what is told then is right.
    ///
    /// - Parameters:
    ///   - start: where to begin: with the whole state. Firestore tells changes only to whoever knows the state they belong to, so
    ///     others throw `.invalidInput`.
    ///   - delivery: what happens when the consumer is slow. Where changes are dropped there is a gap, and nothing makes up for it.
    ///   - bookmarks: there are none: the server's tokens are no positions that anybody could begin at.
    /// - Returns: a feed that throws `.forbidden` where the rules do not allow it, `.rejected` for what the server takes for no query or
    ///   has no index for, `.decoding` when a document is no `Value`.
    public func watch(
        from start: DocumentStart = .snapshot,
        delivery: DeliveryPolicy = .suspending,
        bookmarks: Bool = false
    ) -> Feed<DocumentEvent<Value>> {
        let query = self.query
        let reader = DocumentReader(
            changes: { payload throws(FreshetError) in try self.changes(payload) },
            listing: { payload throws(FreshetError) in try self.listing(payload) }
        )
        let coding = self.coding
        let documents = DocumentCoding<Value>(
            decode: { json throws(FreshetError) in try coding.decode(try FirestoreDocument.reading(json)) },
            encode: { _ throws(FreshetError) in throw FreshetError(.invalidInput, "watches write nothing") }
        )
        return Feed(
            open: {
                do throws(FreshetError) {
                    guard start == .snapshot else { throw Self.noStart }
                    let watches = try query.firestore.watches.get()
                    let content = FirestoreTarget.Content.query(try query.checkedForWatch())
                    return watches.open(content, delivery: delivery)
                } catch {
                    return FirestoreWatches.refused(error)
                }
            },
            reader: reader,
            coding: documents
        )
    }

    /// One document, now and whenever it changes: it alone is watched, and paid for.
    ///
    /// - Parameter key: its id.
    /// - Returns: the feed. Its snapshots have the document, or none where it is not there, or is none of the query's.
    public func watch(document key: String) -> Feed<DocumentEvent<Value>> {
        let query = self.query.where(.documentID, .equal, .string(key))
        return FirestoreDocuments(collection: self.collection, query: query, coding: self.coding).watch()
    }

    private static var noStart: FreshetError {
        FreshetError(
            .invalidInput,
            "a watch of Firestore begins with the whole state",
            hint: "its tokens are good for those alone who have the state that they belong to"
        )
    }

    private func changes(_ payload: Bytes) throws(FreshetError) -> RawChanges {
        let (difference, time) = try FirestoreDifference.reading(payload)
        var changes: [RawChange] = difference.removed.map {
            .delete(key: self.key(FirestoreName($0)), version: time.description)
        }
        for json in difference.documents { changes.append(.put(self.raw(try FirestoreDocument.reading(json), json))) }
        return RawChanges(changes, position: nil)
    }

    private func listing(_ payload: Bytes) throws(FreshetError) -> DocumentListing {
        let (difference, _) = try FirestoreDifference.reading(payload)
        var raw: [FirestoreName: Bytes] = [:]
        var documents: [FirestoreDocument] = []
        for json in difference.documents {
            let document = try FirestoreDocument.reading(json)
            raw[document.name] = json
            documents.append(document)
        }
        var view = FirestoreView(try self.query.checked())
        _ = view.replace(by: documents)
        return DocumentListing(
            view.documents.compactMap { document in raw[document.name].map { self.raw(document, $0) } },
            position: nil
        )
    }

    private func raw(_ document: FirestoreDocument, _ json: Bytes) -> RawDocument {
        RawDocument(key: self.key(document.name), version: document.updateTime.description, value: json)
    }
}
