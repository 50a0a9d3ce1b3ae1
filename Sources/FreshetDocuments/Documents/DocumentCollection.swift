// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore

/// Documents at one source, read, written and watched in the same words whatever the source is.
///
/// ```swift
/// for try await event in users.watch() {
///     for change in event.changes { print(change) }
/// }
/// ```
///
/// Writes are sent once: where the connection breaks before the answer comes they throw `.outcomeUnknown`.
public protocol DocumentCollection<Value>: Sendable {
    /// What the documents are decoded as.
    associatedtype Value: Sendable

    /// Reads a document.
    ///
    /// - Parameter key: its name.
    /// - Returns: the document.
    /// - Throws: `.notFound`, `.decoding`, or why there was no answer.
    func get(_ key: String) async throws(FreshetError) -> Document<Value>

    /// Reads all documents, as they were at one moment.
    ///
    /// - Returns: the documents, and from where a watch goes on after them.
    /// - Throws: `.decoding`, or why there was no answer.
    func list() async throws(FreshetError) -> DocumentSnapshot<Value>

    /// Makes a document that is not there yet.
    ///
    /// - Parameters:
    ///   - key: its name.
    ///   - value: what is in it.
    /// - Returns: its version.
    /// - Throws: `.conflict` when it is there, `.outcomeUnknown`, or why it could not be written.
    @discardableResult
    func create(_ key: String, _ value: Value) async throws(FreshetError) -> String

    /// Writes a document, whether or not it is there.
    ///
    /// - Parameters:
    ///   - key: its name.
    ///   - value: what is in it.
    /// - Returns: its version.
    /// - Throws: `.outcomeUnknown`, or why it could not be written.
    @discardableResult
    func put(_ key: String, _ value: Value) async throws(FreshetError) -> String

    /// Writes a document if it is still of a version (compare and set).
    ///
    /// - Parameters:
    ///   - key: its name.
    ///   - value: what is in it.
    ///   - version: the version.
    /// - Returns: its new version.
    /// - Throws: `.conflict` when it is of another version or gone, `.outcomeUnknown`, or why it could not be written.
    @discardableResult
    func update(_ key: String, _ value: Value, ifVersion version: String) async throws(FreshetError) -> String

    /// Removes a document.
    ///
    /// - Parameters:
    ///   - key: its name.
    ///   - version: only if it is still of this version; nil: whatever it is.
    /// - Throws: `.notFound`, `.conflict`, `.outcomeUnknown`, or why it could not be removed.
    func delete(_ key: String, ifVersion version: String?) async throws(FreshetError)

    /// The documents, now and whenever they change.
    ///
    /// Watched with the first pull; leaving the loop, or cancelling its task, ends it. What happens after a drop is the
    /// source's class; what may be missing is said by a gap.
    ///
    /// - Parameters:
    ///   - start: where to begin.
    ///   - delivery: what happens when the consumer is slow.
    ///   - bookmarks: whether positions without changes are handed out too, as empty updates.
    /// - Returns: the feed.
    func watch(
        from start: DocumentStart,
        delivery: DeliveryPolicy,
        bookmarks: Bool
    ) -> Feed<DocumentEvent<Value>>

    /// One document, now and whenever it changes.
    ///
    /// Sources that cannot watch one alone watch all of them, and hand out what concerns it.
    ///
    /// - Parameter key: its name.
    /// - Returns: the feed. Its snapshots have the document, or none where it is not there.
    func watch(document key: String) -> Feed<DocumentEvent<Value>>
}

extension DocumentCollection {
    /// Removes a document, whatever its version.
    ///
    /// - Parameter key: its name.
    /// - Throws: `.notFound`, `.outcomeUnknown`, or why it could not be removed.
    public func delete(_ key: String) async throws(FreshetError) {
        try await self.delete(key, ifVersion: nil)
    }

    /// The documents, now and whenever they change.
    ///
    /// - Parameter start: where to begin.
    /// - Returns: the feed.
    public func watch(from start: DocumentStart = .snapshot) -> Feed<DocumentEvent<Value>> {
        self.watch(from: start, delivery: .suspending, bookmarks: false)
    }

    /// One document, now and whenever it changes.
    ///
    /// - Parameter key: its name.
    /// - Returns: the feed. Its snapshots have the document, or none where it is not there.
    public func watch(document key: String) -> Feed<DocumentEvent<Value>> {
        self.watch(from: .snapshot).compactMap {
            { event throws(FreshetError) in
                switch event {
                case .snapshot(let snapshot):
                    return .snapshot(
                        DocumentSnapshot(
                            documents: snapshot.documents.filter { $0.key == key },
                            changes: snapshot.changes.filter { $0.key == key },
                            position: snapshot.position
                        )
                    )
                case .update(let changes):
                    let ours = changes.filter { $0.key == key }
                    return ours.isEmpty ? nil : .update(ours)
                case .gap: return event
                }
            }
        }
    }
}
