// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import Testing

@testable import FreshetTransport

struct CompressionTests {
    private static func agreement(_ change: (inout CompressionAgreement) -> Void = { _ in }) -> CompressionAgreement {
        var agreement = CompressionAgreement()
        change(&agreement)
        return agreement
    }

    /// A server's frame with RSV1.
    private static func frame(_ payload: [UInt8], first: UInt8 = 0xC1) -> [UInt8] {
        RawConnection.frame(first, payload)
    }

    private func parse(
        _ bytes: [UInt8],
        _ agreement: CompressionAgreement = Self.agreement(),
        limit: Int = 1 << 20,
        step: Int = .max
    ) throws(WebSocketFailure) -> [String] {
        var parser = FrameParser(messageLimit: limit, inflater: Inflater(agreement))
        var events: [FrameParser.Event] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + min(step, bytes.count))
            try parser.parse(Bytes(copying: bytes[start..<end]), into: &events)
            start = end
        }
        return events.flatMap { event -> [String] in
            if case .messages(let batch) = event { batch.map(\.text) } else { [] }
        }
    }

    @Test("The examples of RFC 7692 7.2.3", arguments: [1, 3, Int.max])
    func examples(step: Int) throws {
        let hello: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
        let fragmented = Self.frame(Array(hello[..<3]), first: 0x41) + Self.frame(Array(hello[3...]), first: 0x80)
        let noBlockCompression = Self.frame([0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00])
        let final = Self.frame([0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00])
        let twoBlocks = Self.frame([0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00])
        for example in [Self.frame(hello), fragmented, noBlockCompression, final, twoBlocks] {
            #expect(try parse(example, step: step) == ["Hello"])
        }
        // With context takeover the second message refers to the first.
        #expect(
            try parse(Self.frame(hello) + Self.frame([0xF2, 0x00, 0x11, 0x00, 0x00]), step: step) == ["Hello", "Hello"]
        )
    }

    @Test("What is deflated is inflated to the same, with every agreement", arguments: [9, 12, 15], [false, true])
    func roundTrip(bits: Int, noTakeover: Bool) throws {
        let agreement = Self.agreement { agreement in
            agreement.clientMaxWindowBits = bits
            agreement.serverMaxWindowBits = bits
            agreement.clientNoContextTakeover = noTakeover
            agreement.serverNoContextTakeover = noTakeover
        }
        let deflater = try #require(Deflater(agreement))
        let texts = [0, 1, 10, 1000, 70_000].flatMap { count in
            [String(repeating: "ab", count: count), (0..<count).map { "\($0 &* 7919 % 1000)" }.joined(separator: ",")]
        }
        var bytes: [UInt8] = []
        for text in texts {
            bytes += Self.frame(try #require(deflater.deflate(Bytes(copying: Array(text.utf8)))))
        }
        #expect(try parse(bytes, agreement) == texts)
    }

    @Test("A bomb is stopped when its limit is passed, not when it is over")
    func bomb() throws {
        let deflater = try #require(Deflater(Self.agreement()))
        let bomb = try #require(deflater.deflate(Bytes(copying: [UInt8](repeating: 0x61, count: 16 << 20))))
        #expect(bomb.count < 20_000)
        #expect(throws: WebSocketFailure.tooLarge(limit: 100_000)) { try parse(Self.frame(bomb), limit: 100_000) }
        // The limit itself is still allowed.
        let fresh = try #require(Deflater(Self.agreement()))
        let whole = try #require(fresh.deflate(Bytes(copying: [UInt8](repeating: 0x61, count: 100_000))))
        #expect(try parse(Self.frame(whole), limit: 100_000).map(\.utf8.count) == [100_000])
    }

    @Test("What is not deflate, or inflates to what is not text, is told")
    func garbage() throws {
        #expect(throws: WebSocketFailure.notDeflate) { try parse(Self.frame([0xFF, 0xFF, 0xFF])) }
        let deflater = try #require(Deflater(Self.agreement()))
        let notText = try #require(deflater.deflate(Bytes(copying: [0x61, 0xFF, 0x62])))
        #expect(throws: WebSocketFailure.notUTF8) { try parse(Self.frame(notText)) }
    }

    @Test("Of two things wrong in one message the first is told, at every split", arguments: [1, 3, Int.max])
    func firstFailure(step: Int) throws {
        let deflater = try #require(Deflater(Self.agreement()))
        let bytes = [0xFF] + [UInt8](repeating: 0x61, count: 40)
        let message = try #require(deflater.deflate(Bytes(copying: bytes)))
        #expect(throws: WebSocketFailure.notUTF8) { try parse(Self.frame(message), limit: 16, step: step) }
        // A stored block that is not text, then a block of a kind that there is not.
        let broken: [UInt8] = [0x00, 0x01, 0x00, 0xFE, 0xFF, 0xFF, 0x06]
        #expect(throws: WebSocketFailure.notUTF8) { try parse(Self.frame(broken), step: step) }
    }

    @Test("RSV1 is for the first frame of a compressed message only")
    func reservedBit() {
        for bytes in [[0x41, 1, 0, 0xC0, 1, 0], [0xC9, 0], [0xC8, 0], [0xE1, 0]] as [[UInt8]] {
            #expect(throws: WebSocketFailure.protocolError("a frame has a reserved bit set")) { try parse(bytes) }
        }
    }

    @Test("The offer says what was configured")
    func offer() {
        #expect(CompressionConfiguration.off.offer == nil)
        #expect(CompressionConfiguration.on.offer == "permessage-deflate; client_max_window_bits")
        let all = CompressionConfiguration(
            serverNoContextTakeover: true,
            clientNoContextTakeover: true,
            serverMaxWindowBits: 10,
            clientMaxWindowBits: 3
        )
        #expect(
            all.offer == "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
                + "server_max_window_bits=10; client_max_window_bits=9"
        )
    }

    @Test("Answers that agree")
    func answers() throws {
        let on = CompressionConfiguration.on
        #expect(try CompressionAgreement(answer: "permessage-deflate", to: on) == Self.agreement())
        let full = try CompressionAgreement(
            answer:
                "Permessage-Deflate ; server_no_context_takeover;client_max_window_bits=\"9\"; server_max_window_bits = 8",
            to: on
        )
        #expect(
            full
                == Self.agreement { agreement in
                    agreement.serverNoContextTakeover = true
                    agreement.clientMaxWindowBits = 9
                    agreement.serverMaxWindowBits = 8
                }
        )
        #expect(Deflater(Self.agreement { $0.clientMaxWindowBits = 8 }) == nil)
    }

    @Test(
        "Answers that fail the handshake",
        arguments: [
            "", "x-webkit-deflate-frame", "permessage-deflate, permessage-deflate", "permessage-deflate; unknown",
            "permessage-deflate; server_max_window_bits", "permessage-deflate; server_max_window_bits=16",
            "permessage-deflate; server_max_window_bits=7", "permessage-deflate; server_max_window_bits=010",
            "permessage-deflate; client_max_window_bits", "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        ]
    )
    func badAnswers(_ answer: String) {
        #expect(throws: CompressionAgreement.Failure.self) { try CompressionAgreement(answer: answer, to: .on) }
    }

    @Test("An answer without an offer, and one that leaves out what was asked for, fail")
    func notAgreed() {
        #expect(throws: CompressionAgreement.Failure.self) {
            try CompressionAgreement(answer: "permessage-deflate", to: .off)
        }
        for asked in [
            CompressionConfiguration(serverNoContextTakeover: true), CompressionConfiguration(serverMaxWindowBits: 10),
        ] {
            #expect(throws: CompressionAgreement.Failure.self) {
                try CompressionAgreement(answer: "permessage-deflate", to: asked)
            }
        }
    }
}
