// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

struct FrameParserTests {
    private enum Seen: Equatable {
        case text([UInt8]), binary([UInt8]), ping([UInt8]), pong([UInt8]), close([UInt8])

        static func all(_ event: FrameParser.Event) -> [Seen] {
            switch event {
            case .messages(let batch): batch.map { $0.kind == .text ? .text($0.bytes) : .binary($0.bytes) }
            case .ping(let payload): [.ping(payload.array)]
            case .pong(let payload): [.pong(payload.array)]
            case .close(let payload): [.close(payload.array)]
            }
        }
    }

    private struct Outcome: Equatable {
        var seen: [Seen] = []
        var failure: WebSocketFailure?
    }

    private func parse(_ parts: [Bytes], limit: Int = 1 << 20) -> Outcome {
        var parser = FrameParser(messageLimit: limit)
        var events: [FrameParser.Event] = []
        var failure: WebSocketFailure?
        do throws(WebSocketFailure) {
            for part in parts { try parser.parse(part, into: &events) }
        } catch {
            failure = error
        }
        return Outcome(seen: events.flatMap(Seen.all), failure: failure)
    }

    private func parse(_ bytes: [UInt8], limit: Int = 1 << 20) -> Outcome {
        parse([Bytes(copying: bytes)], limit: limit)
    }

    private func parse(_ whole: Bytes, splitAt offset: Int) -> Outcome {
        parse([whole[0..<offset], whole[offset..<whole.count]])
    }

    private func parseByteByByte(_ whole: Bytes) -> Outcome {
        parse((0..<whole.count).map { whole[$0..<$0 + 1] })
    }

    /// A server's frame: not masked.
    private static func frame(_ opcode: Opcode, _ payload: [UInt8], final: Bool = true) -> [UInt8] {
        RawConnection.frame((final ? 0x80 : 0) | opcode.rawValue, payload)
    }

    private static func pattern(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) & 0x7F }
    }

    /// Every kind of frame but the long ones.
    private static let transcript =
        frame(.text, Array("Grüße".utf8)) + frame(.binary, [0, 0xFF, 0x81]) + frame(.text, []) + frame(.binary, [])
        + frame(.text, pattern(125)) + frame(.binary, pattern(126)) + frame(.ping, []) + frame(.pong, pattern(125))
        + frame(.text, [1, 2], final: false) + frame(.ping, [9, 9]) + frame(.continuation, [], final: false)
        + frame(.continuation, [3], final: false) + frame(.pong, [8]) + frame(.continuation, [4, 5])
        + frame(.binary, [], final: false) + frame(.continuation, []) + frame(.close, [0x03, 0xE8, 0x62, 0x79, 0x65])

    /// Computed: the leak checker does not see through the tagged pointers of enums in a global.
    private static var transcriptSeen: [Seen] {
        [
            .text(Array("Grüße".utf8)), .binary([0, 0xFF, 0x81]), .text([]), .binary([]), .text(pattern(125)),
            .binary(pattern(126)), .ping([]), .pong(pattern(125)), .ping([9, 9]), .pong([8]),
            .text([1, 2, 3, 4, 5]), .binary([]), .close([0x03, 0xE8, 0x62, 0x79, 0x65]),
        ]
    }

    @Test("A transcript of all kinds of frames, in one read")
    func whole() {
        #expect(parse(Self.transcript) == Outcome(seen: Self.transcriptSeen))
    }

    @Test("The same in two reads, wherever they meet, and byte by byte")
    func split() {
        let whole = Bytes(copying: Self.transcript)
        for offset in 0...whole.count {
            #expect(parse(whole, splitAt: offset) == Outcome(seen: Self.transcriptSeen), "split at \(offset)")
        }
        #expect(parseByteByByte(whole) == Outcome(seen: Self.transcriptSeen))
    }

    @Test("Payloads about the longer length forms, in one read, split about their edges, and byte by byte")
    func longPayloads() {
        let payloads = [65535, 65536, 65537].map(Self.pattern)
        let frames = payloads.map { Self.frame(.binary, $0) }
        let whole = Bytes(copying: frames.flatMap { $0 })
        let expected = Outcome(seen: payloads.map(Seen.binary))
        #expect(parse([whole]) == expected)
        var edge = 0
        for frame in frames {
            for offset in max(edge - 2, 0)...edge + 12 {
                #expect(parse(whole, splitAt: offset) == expected, "split at \(offset)")
            }
            edge += frame.count
        }
        #expect(parse(whole, splitAt: whole.count - 1) == expected)
        #expect(parseByteByByte(whole) == expected)
    }

    @Test("A message that lies whole in one read is a slice of it, not a copy")
    func shared() throws {
        let whole = Bytes(copying: Self.frame(.binary, Self.pattern(300)))
        var parser = FrameParser(messageLimit: 1000)
        var events: [FrameParser.Event] = []
        try parser.parse(whole, into: &events)
        guard case .messages(let batch) = try #require(events.first), let message = batch.first else {
            Issue.record("this is not a message: \(events)")
            return
        }
        #expect(message.payload.chunk === whole.chunk)
    }

    struct Violation: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]

        init(_ testDescription: String, _ bytes: [UInt8]) {
            self.testDescription = testDescription
            self.bytes = bytes
        }
    }

    static let violations = [
        Violation("the first reserved bit", [0xC1, 0x00]),
        Violation("the second reserved bit", [0xA1, 0x00]),
        Violation("the third reserved bit", [0x91, 0x00]),
        Violation("a reserved bit in a control frame", [0xC9, 0x00]),
        Violation("the lowest reserved opcode", [0x83, 0x00]),
        Violation("the highest reserved data opcode", [0x87, 0x00]),
        Violation("the lowest reserved control opcode", [0x8B, 0x00]),
        Violation("the highest reserved opcode", [0x8F, 0x00]),
        Violation("a masked frame", [0x81, 0x81, 1, 2, 3, 4, 0x60]),
        Violation("a masked control frame", [0x89, 0x80, 1, 2, 3, 4]),
        Violation("a fragmented ping", [0x09, 0x00]),
        Violation("a fragmented pong", [0x0A, 0x00]),
        Violation("a fragmented close", [0x08, 0x00]),
        Violation("a ping of 126 bytes", [0x89, 126, 0, 126] + [UInt8](repeating: 0, count: 126)),
        Violation("a close with the longest length form", [0x88, 127, 0, 0, 0, 0, 0, 0, 0, 1, 0]),
        Violation("a continuation without a beginning", [0x80, 0x01, 0]),
        Violation("a continuation after a whole message", frame(.text, [1]) + [0x80, 0x01, 0]),
        Violation("a continuation after a finished message", [0x01, 0x00, 0x80, 0x00, 0x80, 0x00]),
        Violation("a new message inside a fragmented one", [0x01, 0x00, 0x81, 0x00]),
        Violation("a new fragmented message inside a fragmented one", [0x02, 0x01, 7, 0x01, 0x00]),
        Violation("a length with its highest bit set", [0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]),
    ]

    @Test("A violation fails, wherever reads meet, and what came before it is kept", arguments: violations)
    func violation(_ violation: Violation) {
        let before = Self.frame(.text, [1, 2]) + Self.frame(.ping, [3])
        let whole = Bytes(copying: before + violation.bytes)
        let outcome = parse([whole])
        #expect(Array(outcome.seen.prefix(2)) == [.text([1, 2]), .ping([3])])
        #expect(outcome.failure?.closeCode == 1002)
        for offset in 0...whole.count {
            #expect(parse(whole, splitAt: offset) == outcome, "split at \(offset)")
        }
        #expect(parseByteByByte(whole) == outcome)
    }

    @Test("A message of the limit's size is taken, one byte more is not", arguments: [10, 200, 70_000])
    func limit(_ limit: Int) {
        #expect(parse(Self.frame(.text, Self.pattern(limit)), limit: limit).seen == [.text(Self.pattern(limit))])
        let larger = parse(Self.frame(.ping, [1]) + Self.frame(.text, Self.pattern(limit + 1)), limit: limit)
        #expect(larger == Outcome(seen: [.ping([1])], failure: .tooLarge(limit: limit)))
    }

    @Test("The limit holds over all fragments of a message, and begins again with the next")
    func limitOverFragments() {
        let six = Self.pattern(6)
        let begun = Self.frame(.text, six, final: false) + Self.frame(.continuation, [1, 2], final: false)
        let full = begun + Self.frame(.continuation, [3, 4])
        #expect(parse(full + full, limit: 10).seen == [.text(six + [1, 2, 3, 4]), .text(six + [1, 2, 3, 4])])
        let larger = parse(full + begun + Self.frame(.continuation, [3, 4, 5]), limit: 10)
        #expect(larger == Outcome(seen: [.text(six + [1, 2, 3, 4])], failure: .tooLarge(limit: 10)))
    }

    @Test("A message that is too large is refused by its header, before its payload comes")
    func refusedEarly() {
        #expect(parse([0x82, 127, 0, 0, 0, 0, 0x01, 0, 0, 1], limit: 16 << 20).failure == .tooLarge(limit: 16 << 20))
        let longest = [0x82, 127, 0x7F] + [UInt8](repeating: 0xFF, count: 7)
        // A batch counts in 31 bits, so there is a limit above every limit.
        #expect(parse(longest, limit: .max).failure == .tooLarge(limit: MessageBatch.messageLimit))
        #expect(
            parse([0x02, 1, 0] + [0x80] + longest.dropFirst(), limit: .max).failure
                == .tooLarge(limit: MessageBatch.messageLimit)
        )
    }

    @Test("Control frames do not count against the limit")
    func controlFramesBesideTheLimit() {
        #expect(parse(Self.frame(.ping, Self.pattern(125)), limit: 1).seen == [.ping(Self.pattern(125))])
    }

    @Test("An announced length is waited for, not believed")
    func announced() {
        let beginning: [UInt8] = [0x82, 127, 0, 0, 0, 0, 0x01, 0, 0, 0] + Self.pattern(10)
        #expect(parse(beginning, limit: 16 << 20) == Outcome())
    }
}
