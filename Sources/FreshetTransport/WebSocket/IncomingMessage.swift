// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// A message on its way in: put together, inflated and checked as it comes, so that what is wrong is known at once.
final class IncomingMessage {
    let buffer: GrowingBuffer
    /// Bytes of payload as they came from the wire.
    private(set) var received = 0
    private let kind: WebSocketMessage.Kind
    private let inflater: Inflater?
    private let limit: Int
    private var text = UTF8Validator()
    /// How many bytes of the buffer have been checked.
    private var checked = 0

    var compressed: Bool { self.inflater != nil }

    /// Announced bytes are not yet bytes that came, so no more than 1 MiB is set aside for them.
    init(
        _ kind: WebSocketMessage.Kind,
        inflater: Inflater?,
        expecting count: Int,
        limit: Int,
        memory: MemoryPool
    ) {
        self.kind = kind
        self.inflater = inflater
        self.limit = limit
        self.buffer = GrowingBuffer(capacity: min(count, 1 << 20), from: memory)
    }

    func append(_ bytes: Bytes) throws(WebSocketFailure) {
        self.received += bytes.count
        if let inflater = self.inflater {
            do throws(WebSocketFailure) {
                try unsafe bytes.withBytes { bytes throws(WebSocketFailure) in
                    try unsafe inflater.inflate(bytes, into: self.buffer, limit: self.limit)
                }
            } catch {
                // Text that is wrong comes before what is wrong behind it, at every split.
                try self.check()
                throw error
            }
        } else {
            unsafe bytes.withBytes { unsafe self.buffer.append($0) }
        }
        try self.check()
    }

    /// `count` bytes were read straight into the buffer's room.
    func filled(_ count: Int) throws(WebSocketFailure) {
        self.received += count
        self.buffer.fill(count)
        try self.check()
    }

    func finish() throws(WebSocketFailure) -> MessageBatch {
        if let inflater = self.inflater {
            try inflater.endMessage(into: self.buffer, limit: self.limit)
            try self.check()
        }
        guard self.text.isComplete else { throw .notUTF8 }
        let count = self.buffer.count
        var batch = MessageBatch(self.buffer.takeChunk())
        batch.append(self.kind, start: 0, count: count)
        return batch
    }

    /// Checks the text that is new in the buffer.
    private func check() throws(WebSocketFailure) {
        guard self.kind == .text, self.checked < self.buffer.count else { return }
        defer { self.checked = self.buffer.count }
        guard unsafe self.text.accept(self.buffer.contents.bytes.extracting(self.checked..<self.buffer.count)) else {
            throw .notUTF8
        }
    }
}
