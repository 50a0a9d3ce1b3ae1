// SPDX-License-Identifier: Apache-2.0

import Dispatch
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

    @Test(
        "ws.close-unanswered: what was sent before goes out first, though that takes longer than the close may",
        arguments: [(12 << 20, 20), (6 << 20, 100)] as [(Int, Int32)]
    )
    func slowReader(_ total: Int, _ pause: Int32) async throws {
        let taken = Witness<Int>()
        let server = try RawServer { connection in
            connection.limitReceiving(to: 131_072)
            connection.acceptUpgrade(subprotocol: nil)
            var count = 0
            // 64 KiB at a time at most: some 4 s for all of it, or 10 s, where the kernel has no room for more than a second.
            while let bytes = connection.read() {
                count += bytes.count
                if count < total { connection.pause(milliseconds: pause) }
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
        #expect(await FaultyPeer.rest(of: socket).error == nil)
    }

    @Test("ws.close-unanswered: the last message goes out as well when it alone still waits for a slow reader")
    func slowReaderOfTheLast() async throws {
        let size = 60_000
        let (mayRead, taken) = (DispatchSemaphore(value: 0), Witness<Int>())
        let server = try RawServer { connection in
            connection.limitReceiving(to: 131_072)
            connection.acceptUpgrade(subprotocol: nil)
            mayRead.wait()
            var count = 0
            while let bytes = connection.read() {
                count += bytes.count
                connection.pause(milliseconds: 150)
            }
            taken.tell(count)
        }
        defer { server.stop() }
        let loop = EventLoop()
        defer { loop.shutdown() }
        var configuration = FaultyPeer.configuration()
        configuration.sendLimit = 1  // nothing is accepted before all else has left the queue
        let socket = try await WebSocket.connect(to: server.url, configuration: configuration, loop: loop)
        let sent = Locked(0)
        let sender = Task {
            while true {
                try await socket.send(binary: [UInt8](repeating: 7, count: size))
                sent.withLock { $0 += 1 }
            }
        }
        // Until nothing moves: the kernel is full, and the last message waits.
        var (seen, turns) = (-1, 0)
        while turns < 300 {
            let now = sent.withLock { $0 }
            (seen, turns) = (now, now == seen ? turns + 1 : 0)
            await FaultyPeer.turn(loop)
        }
        sender.cancel()
        _ = await sender.result
        mayRead.signal()
        await socket.close()
        let total = sent.withLock { $0 } * size
        #expect(try #require(await taken.next()) > total)
        #expect(await FaultyPeer.rest(of: socket).error == nil)
    }

    @Test("ws.close-unanswered: a peer that takes nothing is given up, and what it did not take is an error")
    func takesNothing() async throws {
        let server = try RawServer { connection in
            connection.limitReceiving(to: 65536)
            connection.acceptUpgrade(subprotocol: nil)
            connection.waitForStop()
        }
        defer { server.stop() }
        var configuration = FaultyPeer.configuration()
        configuration.sendLimit = 64 << 20
        configuration.pongDeadline = .seconds(2)
        let socket = try await WebSocket.connect(to: server.url, configuration: configuration)
        try await socket.send(binary: [UInt8](repeating: 7, count: 12 << 20))
        let took = await ContinuousClock().measure { await socket.close() }
        #expect(took >= .milliseconds(1900))
        #expect(took < .seconds(20))
        let error = await FaultyPeer.rest(of: socket).error
        #expect(error?.kind == .closed(code: 1006))
        #expect(error?.message.contains("before all that was sent") == true)
    }
}
