// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// Cuts a server's bytes into messages and control frames. A value: bytes in, events out, the same at every split.
///
/// A message that lies whole in one read is a slice of it; only one that spans reads, or came in fragments, is copied.
package struct FrameParser: Sendable {
    package enum Event: Sendable {
        case message(WebSocketMessage)
        case ping(ByteSlice)
        case pong(ByteSlice)
        case close(ByteSlice)
    }

    /// A frame whose payload has not come whole.
    private struct Unfinished {
        let header: FrameHeader
        var payload: [UInt8]
    }

    /// A message whose last fragment has not come (RFC 6455 5.4).
    private struct Fragments {
        let kind: WebSocketMessage.Kind
        var payload: [UInt8]
    }

    private let messageLimit: Int
    /// A header that is not complete yet: at most 9 bytes.
    private var headerBytes: [UInt8] = []
    private var unfinished: Unfinished?
    private var fragments: Fragments?

    package init(messageLimit: Int) {
        self.messageLimit = messageLimit
    }

    /// Parses what came. Events found before a failure are in `events` all the same.
    package mutating func parse(_ input: ByteSlice, into events: inout [Event]) throws(WebSocketFailure) {
        var position = 0
        while position < input.count {
            if self.unfinished != nil {
                position += try self.continueFrame(input, at: position, into: &events)
                continue
            }
            guard let (header, size) = try self.header(input, at: position) else { return }
            position += size
            try self.check(header)
            if input.count - position >= header.length {
                try self.finish(header, input[position..<position + header.length], into: &events)
                position += header.length
            } else {
                self.unfinished = Unfinished(header: header, payload: [])
            }
        }
    }

    /// The next header and how many bytes of `input` it took; nil when it goes on in the next read.
    private mutating func header(
        _ input: ByteSlice,
        at position: Int
    ) throws(WebSocketFailure) -> (FrameHeader, size: Int)? {
        let present = input[position..<min(input.count, position + 14)]
        if self.headerBytes.isEmpty {
            if let parsed = try FrameHeader.parse(present) { return parsed }
            self.headerBytes = present.array
            return nil
        }
        let before = self.headerBytes.count
        present.append(to: &self.headerBytes)
        guard let (header, size) = try FrameHeader.parse(ByteSlice(copying: self.headerBytes)) else { return nil }
        self.headerBytes = []
        return (header, size - before)
    }

    private func check(_ header: FrameHeader) throws(WebSocketFailure) {
        guard !header.opcode.isControl else { return }
        let before = self.fragments?.payload.count ?? 0
        guard header.length <= self.messageLimit - before else { throw .tooLarge(limit: self.messageLimit) }
        if header.opcode == .continuation {
            guard self.fragments != nil else { throw .protocolError("a continuation without a beginning") }
        } else {
            guard self.fragments == nil else { throw .protocolError("a new message inside a fragmented one") }
        }
    }

    /// Takes what `input` has of the unfinished frame. Memory grows with what really came, never with what was announced.
    private mutating func continueFrame(
        _ input: ByteSlice,
        at position: Int,
        into events: inout [Event]
    ) throws(WebSocketFailure) -> Int {
        guard var frame = self.unfinished.take() else { return 0 }
        let count = min(frame.header.length - frame.payload.count, input.count - position)
        input[position..<position + count].append(to: &frame.payload)
        if frame.payload.count == frame.header.length {
            try self.finish(frame.header, ByteSlice(copying: frame.payload), into: &events)
        } else {
            self.unfinished = frame
        }
        return count
    }

    private mutating func finish(
        _ header: FrameHeader,
        _ payload: ByteSlice,
        into events: inout [Event]
    ) throws(WebSocketFailure) {
        switch header.opcode {
        case .ping: events.append(.ping(payload))
        case .pong: events.append(.pong(payload))
        case .close: events.append(.close(payload))
        case .text: self.take(.text, payload, final: header.final, into: &events)
        case .binary: self.take(.binary, payload, final: header.final, into: &events)
        case .continuation:
            guard var fragments = self.fragments.take() else { return }
            payload.append(to: &fragments.payload)
            if header.final {
                let whole = ByteSlice(copying: fragments.payload)
                events.append(.message(WebSocketMessage(fragments.kind, whole)))
            } else {
                self.fragments = fragments
            }
        }
    }

    private mutating func take(
        _ kind: WebSocketMessage.Kind,
        _ payload: ByteSlice,
        final: Bool,
        into events: inout [Event]
    ) {
        if final {
            events.append(.message(WebSocketMessage(kind, payload)))
        } else {
            self.fragments = Fragments(kind: kind, payload: payload.array)
        }
    }
}
