// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

/// A server's bytes through `FrameParser` and `WebSocketSession`: the same at every split, and never more than is allowed.
///
/// The input: a byte of settings, one that chooses the reads, one that says where we close; then the stream.
struct FrameCheck {
    private let compression: CompressionAgreement?
    private let limit: Int
    private let varied: ReadSizes
    private let stream: Bytes
    private let closeAt: Int

    init(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        let settings = input.byte()
        var agreement = CompressionAgreement()
        agreement.serverNoContextTakeover = settings & 0x02 != 0
        agreement.serverMaxWindowBits = settings & 0x20 != 0 ? 9 : 15
        self.compression = settings & 0x01 != 0 ? agreement : nil
        self.limit = [16, 300, 40_000, 1 << 20][Int(settings >> 2 & 3)]
        self.varied = .varied(input.byte())
        let share = Int(input.byte())
        let expand = settings & 0x10 != 0
        self.stream = Bytes(copying: expand ? FuzzInput.expanded(input.rest, limit: 48 << 10) : Array(input.rest))
        self.closeAt = self.stream.count * share / 256
    }

    private func parsed(_ reads: ReadSizes, direct: Bool) -> FrameTranscript {
        let inflater = self.compression.map { Inflater($0) }
        let parser = FrameParser(messageLimit: self.limit, inflater: inflater)
        return FrameTranscript(of: self.stream, reads: reads, direct: direct, parser: parser)
    }

    private func session(_ reads: ReadSizes, closeAt: Int? = nil) throws(Finding) -> SessionTranscript {
        let session = WebSocketSession(messageLimit: self.limit, inflater: self.compression.map { Inflater($0) })
        return try SessionTranscript(of: self.stream, reads: reads, closeAt: closeAt, session: session)
    }

    func run() throws(Finding) {
        let parsed = self.parsed(.whole, direct: false)
        try self.checkEvents(parsed.events)
        for (reads, direct) in [(.finest, false), (self.varied, false), (self.varied, true)] as [(ReadSizes, Bool)] {
            let other = self.parsed(reads, direct: direct)
            try require(other == parsed, "read \(reads), direct \(direct): \(other), but in one read: \(parsed)")
        }
        let heard = try self.session(.whole)
        try self.compare(heard, parsed)
        for reads in [.finest, self.varied] as [ReadSizes] {
            let other = try self.session(reads)
            try require(other == heard, "a session read \(reads): \(other), but in one read: \(heard)")
        }
        let closed = try self.session(.whole, closeAt: self.closeAt)
        let other = try self.session(self.varied, closeAt: self.closeAt)
        try require(other == closed, "a session that closes at \(self.closeAt): \(other), in one read: \(closed)")
    }

    private func checkEvents(_ events: [FrameTranscript.Event]) throws(Finding) {
        for event in events {
            switch event {
            case .message(let kind, let bytes):
                try require(bytes.count <= self.limit, "a message of \(bytes.count) bytes, the limit is \(self.limit)")
                try require(
                    kind == .binary || String(validating: bytes, as: UTF8.self) != nil,
                    "text that is not UTF-8: \(bytes)"
                )
            case .ping(let payload), .pong(let payload), .close(let payload):
                try require(payload.count <= 125, "a control frame of \(payload.count) bytes")
            }
        }
    }

    /// The session gives what the parser found up to the close frame, and nothing else.
    private func compare(_ heard: SessionTranscript, _ parsed: FrameTranscript) throws(Finding) {
        var messages: [SessionTranscript.Message] = []
        var pongs: [[UInt8]] = []
        var closed = false
        loop: for event in parsed.events {
            switch event {
            case .message(let kind, let bytes): messages.append(.init(kind: kind, bytes: bytes))
            case .ping(let payload): pongs.append(payload)
            case .pong: break
            case .close:
                closed = true
                break loop
            }
        }
        try require(heard.messages == messages, "delivered \(heard.messages), found \(messages)")
        try require(heard.pongs == pongs, "answered \(heard.pongs), asked \(pongs)")
        try require(
            heard.closes.isEmpty == (!closed && parsed.failure == nil),
            "close frames \(heard.closes) after \(parsed)"
        )
    }
}
