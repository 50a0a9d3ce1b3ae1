// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// The documents that one feed has handed out: finds out what a new list changes, and what a document was before.
///
/// It belongs to one iterator. It holds each document's last value, for that is what `previous` is.
struct DocumentTracker<Value: Sendable> {
    private let coding: DocumentCoding<Value>
    private let reader: DocumentReader
    private var documents: [String: Document<Value>] = [:]
    /// Whether these are all that there are.
    private var isComplete = false
    /// A source that has lost its history may give the same versions to other values.
    private var isOtherHistory = false
    private var history: String?
    /// Where the feed stands.
    private(set) var position: Position?

    init(coding: DocumentCoding<Value>, reader: DocumentReader) {
        self.coding = coding
        self.reader = reader
    }

    mutating func event(_ item: FeedItem) throws(FreshetError) -> DocumentEvent<Value> {
        switch item {
        case .update(let payload):
            let raw = try self.reader.changes(payload)
            var changes: [DocumentChange<Value>] = []
            changes.reserveCapacity(raw.changes.count)
            for change in raw.changes { changes.append(try self.change(change)) }
            self.position = raw.position
            return .update(changes)
        case .snapshot(let payload): return .snapshot(try self.replace(by: try self.reader.listing(payload)))
        case .value(let listing as DocumentListing, _): return .snapshot(try self.replace(by: listing))
        case .value: throw FreshetError(.decoding, "a snapshot of another type")
        case .gap(let gap):
            self.position = nil
            self.isOtherHistory = self.isOtherHistory || gap.cause == .historyLost
            return .gap(gap)
        case .bookmark(let position):
            self.position = position
            return .update([])
        case .rest(let item): return try self.event(item)
        }
    }

    private func decoded(_ raw: RawDocument) throws(FreshetError) -> Document<Value> {
        do throws(FreshetError) {
            return Document(key: raw.key, version: raw.version, value: try self.coding.decode(raw.value))
        } catch {
            throw FreshetError(
                error.kind,
                "the document \(raw.key) of version \(raw.version): \(error.message)",
                hint: error.hint ?? "watch it as Bytes, or with a coding of your own, to go on after such a document"
            )
        }
    }

    private mutating func change(_ raw: RawChange) throws(FreshetError) -> DocumentChange<Value> {
        switch raw {
        case .put(let new, let isNew, let previous):
            let document = try self.decoded(new)
            let known = self.documents.updateValue(document, forKey: document.key)
            if self.isComplete ? known == nil : (isNew ?? (known == nil)) { return .added(document) }
            return .modified(document, previous: known ?? self.readable(previous))
        case .delete(let key, let version, let previous):
            let known = self.documents.removeValue(forKey: key)
            return .removed(key: key, version: version, previous: known ?? self.readable(previous))
        }
    }

    /// What was there before may be of another shape, which is no reason to end.
    private func readable(_ raw: RawDocument?) -> Document<Value>? {
        guard let raw else { return nil }
        return try? self.decoded(raw)
    }

    /// First what is gone, in the order of the names; then what is new or different, in the order of the list.
    private mutating func replace(by listing: DocumentListing) throws(FreshetError) -> DocumentSnapshot<Value> {
        var list: [Document<Value>] = []
        var changes: [DocumentChange<Value>] = []
        var gone = self.documents
        if let known = self.history, let now = listing.history, known != now { self.isOtherHistory = true }
        self.history = listing.history ?? self.history
        list.reserveCapacity(listing.documents.count)
        for raw in listing.documents {
            let known = gone.removeValue(forKey: raw.key)
            if let known, known.version == raw.version, !self.isOtherHistory {
                list.append(known)
                continue
            }
            let document = try self.decoded(raw)
            list.append(document)
            changes.append(known.map { .modified(document, previous: $0) } ?? .added(document))
        }
        let removed = gone.values.sorted { $0.key < $1.key }
        self.documents = Dictionary(minimumCapacity: list.count)
        for document in list { self.documents[document.key] = document }
        self.isComplete = true
        self.isOtherHistory = false
        self.position = listing.position
        return DocumentSnapshot(
            documents: list,
            changes: removed.map { .removed(key: $0.key, version: $0.version, previous: $0) } + changes,
            position: listing.position
        )
    }
}
