// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// Messages that lie in one chunk, in order: most often all that one read brought.
///
/// Eight bytes a message and one reference for all of them: a reference each would cost more than the parsing.
@usableFromInline
package struct MessageBatch: Sendable {
    @usableFromInline
    struct Entry: Sendable {
        @usableFromInline let start: UInt32
        /// The highest bit says text.
        @usableFromInline let countAndKind: UInt32
    }

    /// The largest message that an entry can tell, in bytes.
    package static let messageLimit = Int(Int32.max)

    @usableFromInline let chunk: Chunk
    @usableFromInline var entries: [Entry] = []
    /// The messages' bytes.
    package private(set) var bytes = 0

    /// A batch without messages.
    static let none = MessageBatch(unsafe Chunk(copying: UnsafeRawBufferPointer(start: nil, count: 0)))

    package init(_ chunk: Chunk) {
        self.chunk = chunk
    }

    /// One message, where it lies.
    package init(_ message: WebSocketMessage) {
        self.init(message.payload.chunk)
        self.append(message.kind, start: message.payload.start, count: message.payload.count)
    }

    /// Text messages in a chunk of their own: for tests.
    package init(texts: [String]) {
        self.init(Bytes(copying: Array(texts.joined().utf8)).chunk)
        var start = 0
        for text in texts {
            self.append(.text, start: start, count: text.utf8.count)
            start += text.utf8.count
        }
    }

    /// - Precondition: the message lies within the chunk.
    mutating func append(_ kind: WebSocketMessage.Kind, start: Int, count: Int) {
        precondition(unsafe start >= 0 && count >= 0 && count <= self.chunk.bytes.count - start)
        self.entries.append(
            Entry(start: UInt32(start), countAndKind: UInt32(count) | (kind == .text ? 0x8000_0000 : 0))
        )
        self.bytes += count
    }

    mutating func removeAll() {
        self.entries = []
        self.bytes = 0
    }
}

extension MessageBatch: DeliveryElement {
    @usableFromInline package var byteCount: Int { self.bytes + 8 * self.count }
    @usableFromInline package var isDroppable: Bool { false }
    @usableFromInline package func key(at path: JSONPath) -> JSONValue? { nil }
    @usableFromInline package func detached() -> MessageBatch { self }
    @usableFromInline package static func dropped(_ count: Int) -> MessageBatch? { nil }
    @usableFromInline package func merged(with later: MessageBatch) -> MessageBatch? { nil }
}

extension MessageBatch: RandomAccessCollection {
    @usableFromInline package var startIndex: Int { 0 }
    @inlinable package var endIndex: Int { self.entries.count }
    @inlinable package var count: Int { self.entries.count }

    @inlinable package subscript(index: Int) -> WebSocketMessage {
        let entry = self.entries[index]
        let kind: WebSocketMessage.Kind = entry.countAndKind & 0x8000_0000 != 0 ? .text : .binary
        let count = Int(entry.countAndKind & 0x7FFF_FFFF)
        return WebSocketMessage(kind, Bytes(self.chunk, start: Int(entry.start), count: count))
    }
}
