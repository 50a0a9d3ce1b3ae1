// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

/// Frames that no server may send: what came before them is kept, and both sides are told what was wrong.
@Suite(.timeLimit(.minutes(1)))
struct FrameFaultTests {
    /// Bytes that break RFC 6455.
    struct Breach: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]

        init(_ description: String, _ bytes: [UInt8]) {
            self.testDescription = description
            self.bytes = bytes
        }
    }

    /// Sends a message and the breach; the close code that the server then saw, the client's messages, and its error.
    private func send(
        _ bytes: [UInt8],
        _ configuration: WebSocketConfiguration = FaultyPeer.configuration()
    ) async throws -> (code: UInt16?, messages: [String], error: FreshetError?) {
        let code = Witness<UInt16?>()
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil, followedBy: FaultyPeer.text("before") + bytes)
            var frames = ClientFrames(connection)
            code.tell(frames.next(0x88)?.closeCode)
        }
        defer { server.stop() }
        let (messages, error) = await FaultyPeer.receive(from: server.url, configuration)
        return (await code.next() ?? nil, messages, error)
    }

    // MARK: - 1002

    private static let breaches: [Breach] = [
        Breach("a masked frame", [0x81, 0x82, 1, 2, 3, 4, 0x69, 0x6B]),
        Breach("RSV1 without compression", RawConnection.frame(0xC1, [0x61])),
        Breach("RSV2", RawConnection.frame(0xA1, [0x61])),
        Breach("RSV3", RawConnection.frame(0x91, [0x61])),
        Breach("RSV1 on a ping", RawConnection.frame(0xC9, [])),
        Breach("a control frame in fragments", RawConnection.frame(0x09, [])),
        Breach("a control frame of 126 bytes", RawConnection.frame(0x89, [UInt8](repeating: 0, count: 126))),
        Breach("a length of 16 bits that fits into 7", [0x82, 126, 0, 125]),
        Breach("a length of 64 bits that fits into 16", [0x82, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]),
        Breach("a length with its highest bit set", [0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]),
        Breach("a close frame of one byte", RawConnection.frame(0x88, [3])),
    ]

    @Test("ws.unmasked/rsv: a frame with a mask, a reserved bit or a wrong length is 1002", arguments: breaches)
    func protocolError(_ breach: Breach) async throws {
        let (code, messages, error) = try await self.send(breach.bytes)
        #expect(code == 1002)
        #expect(messages == ["before"])
        #expect(error?.kind == .protocolViolation)
    }

    @Test("ws.unmasked/rsv: a reserved opcode is 1002", arguments: [3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF] as [UInt8])
    func reservedOpcode(_ opcode: UInt8) async throws {
        let (code, messages, error) = try await self.send(RawConnection.frame(0x80 | opcode, []))
        #expect(code == 1002)
        #expect(messages == ["before"])
        #expect(error?.kind == .protocolViolation)
        #expect(error?.message.contains("opcode \(opcode)") == true)
    }

    @Test(
        "ws.fragment-interleave: a message inside another one, or a continuation of none, is 1002",
        arguments: [
            Breach("text inside text", RawConnection.frame(0x01, [0x61]) + RawConnection.frame(0x81, [0x62])),
            Breach("binary inside text", RawConnection.frame(0x01, [0x61]) + RawConnection.frame(0x02, [0x62])),
            Breach("a continuation first", RawConnection.frame(0x80, [0x61])),
            Breach(
                "a continuation after the last",
                RawConnection.frame(0x01, []) + RawConnection.frame(0x09 | 0x80, [])
                    + RawConnection.frame(0x80, []) + RawConnection.frame(0x00, [])
            ),
        ]
    )
    func interleaved(_ breach: Breach) async throws {
        let (code, messages, error) = try await self.send(breach.bytes)
        #expect(code == 1002)
        #expect(messages.first == "before")
        #expect(messages.dropFirst().allSatisfy { $0.isEmpty })
        #expect(error?.kind == .protocolViolation)
    }

    // MARK: - 1007

    @Test(
        "ws.bad-utf8: text or a close reason that is not UTF-8 is 1007",
        arguments: [
            Breach("a byte that never occurs", RawConnection.frame(0x81, [0x61, 0xFF])),
            Breach("a surrogate", RawConnection.frame(0x81, [0xED, 0xA0, 0x80])),
            Breach("an overlong form", RawConnection.frame(0x81, [0xC0, 0xAF])),
            Breach("a character cut at the end", RawConnection.frame(0x81, [0xE2, 0x82])),
            Breach(
                "a character cut at the end of the last fragment",
                RawConnection.frame(0x01, [0xE2]) + RawConnection.frame(0x80, [0x82])
            ),
            Breach("wrong before the message has ended", RawConnection.frame(0x01, [0x61, 0xF8])),
            Breach("wrong in a large message", RawConnection.frame(0x81, [UInt8](repeating: 0x80, count: 70_000))),
            Breach("a close reason", RawConnection.frame(0x88, [0x03, 0xE8, 0xFF])),
        ]
    )
    func notUTF8(_ breach: Breach) async throws {
        let (code, messages, error) = try await self.send(breach.bytes)
        #expect(code == 1007)
        #expect(messages == ["before"])
        #expect(error?.kind == .protocolViolation)
        #expect(error?.message.contains("UTF-8") == true)
    }

    @Test("ws.bad-utf8: binary messages may hold anything")
    func binary() async throws {
        let (code, messages, error) = try await self.send(
            RawConnection.frame(0x82, [0x61, 0xFF]) + FaultyPeer.close(1000)
        )
        #expect(code == 1000)
        #expect(messages == ["before", "a\u{FFFD}"])
        #expect(error == nil)
    }

    // MARK: - 1009

    @Test(
        "ws.oversize: more than the limit is 1009 before it has come, in one frame or in fragments",
        arguments: [
            Breach("announced in 16 bits", [0x82, 126, 0x04, 0x01]),
            Breach("announced in 64 bits", [0x82, 127, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
            Breach("in fragments", RawConnection.frame(0x02, [UInt8](repeating: 0, count: 1024)) + [0x00, 0x01]),
        ]
    )
    func oversize(_ breach: Breach) async throws {
        var configuration = FaultyPeer.configuration()
        configuration.messageLimit = 1024
        let (code, messages, error) = try await self.send(breach.bytes, configuration)
        #expect(code == 1009)
        #expect(messages == ["before"])
        #expect(error?.kind == .messageTooLarge)
        #expect(error?.hint?.contains("messageLimit") == true)
    }

    @Test("ws.oversize: a message of exactly the limit is delivered")
    func exactlyTheLimit() async throws {
        var configuration = FaultyPeer.configuration()
        configuration.messageLimit = 1024
        let text = String(repeating: "x", count: 1024)
        let (code, messages, error) = try await self.send(FaultyPeer.text(text) + FaultyPeer.close(1000), configuration)
        #expect(code == 1000)
        #expect(messages == ["before", text])
        #expect(error == nil)
    }
}
