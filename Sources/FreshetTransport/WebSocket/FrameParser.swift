// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// Cuts a server's bytes into messages and control frames: bytes in, events out, the same at every split.
///
/// Whole messages in one read are slices of it. Only a message that spans reads, comes in fragments or is compressed is
/// put together in memory of its own: once, and checked as it comes.
package struct FrameParser: ~Copyable {
    package enum Event: Sendable {
        case messages(MessageBatch)
        case ping(Bytes)
        case pong(Bytes)
        case close(Bytes)
    }

    private let messageLimit: Int
    private let memory: MemoryPool
    private var inflater: Inflater?
    /// A header that is not complete yet: at most 9 bytes.
    private var headerBytes: [UInt8] = []
    /// A control frame whose payload has not come whole.
    private var control: (header: FrameHeader, payload: [UInt8])?
    /// A message that has begun, and what is due of its present frame (nil: between frames).
    private var message: IncomingMessage?
    private var frame: (due: Int, final: Bool)?

    /// - Parameters:
    ///   - messageLimit: the largest message in bytes, compressed and not; one frame may be as large.
    ///   - inflater: for permessage-deflate, when that was agreed.
    ///   - memory: for messages that are put together.
    package init(
        messageLimit: Int,
        inflater: Inflater? = nil,
        memory: MemoryPool = MemoryPool(limit: 0)
    ) {
        self.memory = memory
        self.messageLimit = min(messageLimit, MessageBatch.messageLimit)
        self.inflater = inflater
    }

    /// Parses what came. Events found before a failure are in `events` all the same.
    package mutating func parse(_ input: Bytes, into events: inout [Event]) throws(WebSocketFailure) {
        var batch = MessageBatch(input.chunk)
        var position = 0
        do throws(WebSocketFailure) {
            while position < input.count {
                if self.control != nil {
                    position = self.continueControl(input, from: position, &batch, &events)
                } else if self.frame != nil {
                    position = try self.continueFrame(input, from: position, &batch, &events)
                } else {
                    if self.message == nil, self.headerBytes.isEmpty {
                        self.takeWholeMessages(input, from: &position, into: &batch)
                        if position == input.count { break }
                    }
                    position = try self.beginFrame(input, from: position, &batch, &events)
                }
            }
        } catch {
            Self.flush(&batch, into: &events)
            throw error
        }
        Self.flush(&batch, into: &events)
    }

    // MARK: - Reading into the message itself

    /// Where the next bytes may be read directly, when a large message is under way: they are all its own.
    package mutating func room() -> UnsafeMutableRawBufferPointer? {
        guard let message = self.message, !message.compressed, let frame = self.frame, self.control == nil,
            frame.due >= Self.worthReadingDirectly
        else { return nil }
        let room = unsafe message.buffer.room(atLeast: min(frame.due, max(message.buffer.count, 1 << 20)))
        return unsafe UnsafeMutableRawBufferPointer(rebasing: room.prefix(frame.due))
    }

    private static let worthReadingDirectly = 16384

    /// `count` bytes were read into `room()`.
    package mutating func filledRoom(_ count: Int, into events: inout [Event]) throws(WebSocketFailure) {
        guard let frame = self.frame else { return }
        self.frame?.due -= count
        try self.message?.filled(count)
        if frame.due == count { try self.endFrame(final: frame.final, into: &events) }
    }

    // MARK: - Frames

    private static func flush(_ batch: inout MessageBatch, into events: inout [Event]) {
        guard !batch.isEmpty else { return }
        events.append(.messages(batch))
        batch.removeAll()
    }

    /// The common case, by itself: whole messages of one short frame each, one after another. Whatever is special, or wrong,
    /// is left to `beginFrame`.
    private func takeWholeMessages(_ input: Bytes, from position: inout Int, into batch: inout MessageBatch) {
        position = unsafe input.withBytes { bytes in
            let span = unsafe bytes.bytes
            var position = position
            while span.byteCount - position >= 2 {
                // Proof for `unsafe`: these loads check their bounds, and any bits are an integer.
                let first = unsafe span.unsafeLoad(fromByteOffset: position, as: UInt8.self)
                let second = unsafe span.unsafeLoad(fromByteOffset: position + 1, as: UInt8.self)
                guard first == 0x81 || first == 0x82 else { break }
                var start = position + 2
                var count = Int(second)
                if second == 126, span.byteCount - start >= 2 {
                    let big = unsafe span.unsafeLoadUnaligned(fromByteOffset: start, as: UInt16.self)
                    count = Int(UInt16(bigEndian: big))
                    start += 2
                    guard count >= 126 else { break }
                } else if second >= 126 {
                    break
                }
                guard count <= self.messageLimit, span.byteCount - start >= count else { break }
                if first == 0x81, !UTF8Validator.isValid(span.extracting(start..<start + count)) { break }
                batch.append(first == 0x81 ? .text : .binary, start: input.start + start, count: count)
                position = start + count
            }
            return position
        }
    }

    private mutating func beginFrame(
        _ input: Bytes,
        from position: Int,
        _ batch: inout MessageBatch,
        _ events: inout [Event]
    ) throws(WebSocketFailure) -> Int {
        guard let (header, size) = try self.header(input, at: position) else { return input.count }
        let start = position + size
        if header.opcode.isControl {
            self.control = (header, [])
            return self.continueControl(input, from: start, &batch, &events)
        }
        guard header.length <= self.messageLimit - (self.message?.received ?? 0) else {
            throw .tooLarge(limit: self.messageLimit)
        }
        if header.opcode == .continuation {
            guard self.message != nil else { throw .protocolError("a continuation without a beginning") }
        } else {
            guard self.message == nil else { throw .protocolError("a new message inside a fragmented one") }
            let kind: WebSocketMessage.Kind = header.opcode == .text ? .text : .binary
            self.message = IncomingMessage(
                kind,
                inflater: header.compressed ? self.inflater : nil,
                expecting: header.length,
                limit: self.messageLimit,
                memory: self.memory
            )
        }
        self.frame = (header.length, header.final)
        return try self.continueFrame(input, from: start, &batch, &events)
    }

    /// The next header and how many bytes of `input` it took; nil when it goes on in the next read.
    private mutating func header(
        _ input: Bytes,
        at position: Int
    ) throws(WebSocketFailure) -> (FrameHeader, size: Int)? {
        let compression = self.inflater != nil
        let present = input[position..<min(input.count, position + 10)]
        if self.headerBytes.isEmpty {
            if let parsed = try FrameHeader.parse(present, compression: compression) { return parsed }
            self.headerBytes = present.array
            return nil
        }
        let before = self.headerBytes.count
        present.append(to: &self.headerBytes)
        let bytes = Bytes(copying: self.headerBytes)
        guard let (header, size) = try FrameHeader.parse(bytes, compression: compression) else { return nil }
        self.headerBytes = []
        return (header, size - before)
    }

    private mutating func continueControl(
        _ input: Bytes,
        from position: Int,
        _ batch: inout MessageBatch,
        _ events: inout [Event]
    ) -> Int {
        guard let (header, received) = self.control.take() else { return position }
        var payload = received
        let end = min(input.count, position + header.length - payload.count)
        input[position..<end].append(to: &payload)
        guard payload.count == header.length else {
            self.control = (header, payload)
            return end
        }
        Self.flush(&batch, into: &events)
        let slice = Bytes(copying: payload)
        switch header.opcode {
        case .ping: events.append(.ping(slice))
        case .pong: events.append(.pong(slice))
        default: events.append(.close(slice))
        }
        return end
    }

    /// Takes what `input` has of the present frame.
    private mutating func continueFrame(
        _ input: Bytes,
        from position: Int,
        _ batch: inout MessageBatch,
        _ events: inout [Event]
    ) throws(WebSocketFailure) -> Int {
        guard let frame = self.frame else { return position }
        let end = min(input.count, position + frame.due)
        try self.message?.append(input[position..<end])
        self.frame?.due -= end - position
        if frame.due == end - position {
            Self.flush(&batch, into: &events)
            try self.endFrame(final: frame.final, into: &events)
        }
        return end
    }

    private mutating func endFrame(final: Bool, into events: inout [Event]) throws(WebSocketFailure) {
        self.frame = nil
        guard final, let message = self.message.take() else { return }
        events.append(.messages(try message.finish()))
    }
}
