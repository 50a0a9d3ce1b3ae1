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
public protocol DocumentCollection<Value>: DocumentStore {
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
}

extension DocumentCollection {
    /// The documents, now and whenever they change.
    ///
    /// - Parameter start: where to begin.
    /// - Returns: the feed.
    public func watch(from start: DocumentStart = .snapshot) -> Feed<DocumentEvent<Value>> {
        self.watch(from: start, delivery: .suspending, bookmarks: false)
    }
}
