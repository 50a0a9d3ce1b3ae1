// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

/// How a server may close, and what it may do about our close.
@Suite(.timeLimit(.minutes(1)))
struct CloseFaultTests {
    /// The server closes like that: what the client has of it, and the code of its answer.
    private func close(_ payload: [UInt8]) async throws -> (error: FreshetError?, answer: UInt16?) {
        let answer = Witness<UInt16?>()
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            connection.write(RawConnection.frame(0x88, payload))
            var frames = ClientFrames(connection)
            answer.tell(frames.next(0x88)?.closeCode)
        }
        defer { server.stop() }
        let error = await FaultyPeer.receive(from: server.url).error
        return (error, await answer.next() ?? nil)
    }

    @Test("ws.close(code): 1000 and 1001 end the sequence without an error", arguments: [1000, 1001] as [UInt16])
    func orderly(_ code: UInt16) async throws {
        let (error, answer) = try await self.close([UInt8(code >> 8), UInt8(code & 0xFF)] + Array("bye".utf8))
        #expect(error == nil)
        #expect(answer == code)
    }

    @Test(
        "ws.close(code): every other code reaches the error unchanged, with its reason, and is answered",
        arguments: [
            1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4000, 4400, 4401, 4403, 4406, 4408, 4409,
            4429, 4499, 4500, 4999,
        ] as [UInt16]
    )
    func code(_ code: UInt16) async throws {
        let reason = "Grüße von \(code)"
        let (error, answer) = try await self.close([UInt8(code >> 8), UInt8(code & 0xFF)] + Array(reason.utf8))
        #expect(error?.kind == .closed(code: code))
        #expect(error?.message.contains(reason) == true)
        #expect(answer == code)
    }

    @Test("ws.close(code): a close frame without a code is 1005, and answered without one")
    func noCode() async throws {
        let (error, answer) = try await self.close([])
        #expect(error?.kind == .closed(code: 1005))
        #expect(answer == 1005)
    }

    @Test(
        "ws.close(code): 1006, and what else must never be on the wire, is answered with 1002",
        arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] as [UInt16]
    )
    func forbiddenCode(_ code: UInt16) async throws {
        let (error, answer) = try await self.close([UInt8(code >> 8), UInt8(code & 0xFF)])
        #expect(error?.kind == .protocolViolation)
        #expect(error?.message.contains("\(code)") == true)
        #expect(answer == 1002)
    }

    /// What a server does that does not answer our close.
    enum Deafness: CaseIterable, Sendable {
        case readsOn, readsNothing, sendsOn
    }

    @Test("ws.close-unanswered: our close takes a second and does not hang", arguments: Deafness.allCases)
    func unanswered(_ deafness: Deafness) async throws {
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            switch deafness {
            case .readsOn: connection.readToEnd()
            case .readsNothing: connection.waitForStop()
            case .sendsOn: while connection.write(FaultyPeer.text("more")) {}
            }
        }
        defer { server.stop() }
        let socket = try await WebSocket.connect(to: server.url, configuration: FaultyPeer.configuration())
        let took = await ContinuousClock().measure { await socket.close(code: 4000, reason: "enough") }
        #expect(took >= .milliseconds(900))
        #expect(took < .seconds(10))
        #expect(await FaultyPeer.rest(of: socket).error == nil)
        await #expect(throws: FreshetError.self) { try await socket.send(text: "late") }
    }

    @Test("ws.close-unanswered: our close goes out, with its code, while nobody takes the messages that come")
    func closeWhilePaused() async throws {
        let seen = Witness<UInt16?>()
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            // Much more than the client keeps for a consumer that does not take it.
            let flood = RawConnection.frame(0x82, [UInt8](repeating: 1, count: 1 << 20))
            var rest = flood[...]
            while connection.canWrite(within: 200), let count = connection.writeSome(rest) {
                rest = rest.dropFirst(count)
                if rest.isEmpty { rest = flood[...] }
            }
            seen.tell(0)  // held back
            var frames = ClientFrames(connection)
            seen.tell(frames.next(0x88)?.closeCode)
        }
        defer { server.stop() }
        let socket = try await WebSocket.connect(to: server.url, configuration: FaultyPeer.configuration())
        #expect(await seen.next() == 0)
        await socket.close(code: 4001, reason: "enough")
        #expect(await seen.next() == 4001)
    }

    @Test("ws.close-unanswered: what was sent before goes out first, though that takes longer than the close may")
    func slowReader() async throws {
        let total = 12 << 20
        let taken = Witness<Int>()
        let server = try RawServer { connection in
            connection.limitReceiving(to: 131_072)
            connection.acceptUpgrade(subprotocol: nil)
            var count = 0
            // 64 KiB at a time at most, some 4 s for all of it.
            while let bytes = connection.read() {
                count += bytes.count
                if count < total { connection.pause(milliseconds: 20) }
            }
            taken.tell(count)
        }
        defer { server.stop() }
        var configuration = FaultyPeer.configuration()
        configuration.sendLimit = 64 << 20
        let socket = try await WebSocket.connect(to: server.url, configuration: configuration)
        try await socket.send(binary: [UInt8](repeating: 7, count: total))
        await socket.close()
        #expect(try #require(await taken.next()) > total)
    }
}
