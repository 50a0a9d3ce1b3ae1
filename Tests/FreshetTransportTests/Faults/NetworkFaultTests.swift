// SPDX-License-Identifier: Apache-2.0

import Dispatch
import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

/// Bytes that come in the worst of portions.
@Suite(.timeLimit(.minutes(1)))
struct NetworkFaultTests {
    @Test("net.slice: segments of 1 to 7 bytes are the same messages", arguments: [1, 2, 3] as [UInt64])
    func slices(_ seed: UInt64) async throws {
        var random = SeededRandom(seed)
        // Every form of a length, text and binary, whole and in fragments, with pings in between.
        var stream: [UInt8] = []
        var expected: [String] = []
        for number in 0..<120 {
            let size = [0, 1, 125, 126, 127, 300][Int.random(in: 0..<6, using: &random)] + (number == 60 ? 70_000 : 0)
            let text = String(repeating: "\(number)é", count: size / 4 + 1)
            let bytes = Array(text.utf8)
            if Bool.random(using: &random) {
                let cut = Int.random(in: 0...bytes.count, using: &random)
                stream += RawConnection.frame(0x01, Array(bytes[..<cut]))
                stream += RawConnection.frame(0x89, Array("?\(number)".utf8))
                stream += RawConnection.frame(0x80, Array(bytes[cut...]))
            } else {
                stream += RawConnection.frame(Bool.random(using: &random) ? 0x81 : 0x82, bytes)
            }
            expected.append(text)
        }
        stream += FaultyPeer.close(4000)
        let bytes = stream
        let sizes = (0..<bytes.count).map { _ in Int.random(in: 1...7, using: &random) }
        let server = try RawServer { connection in
            connection.sendAtOnce()
            connection.acceptUpgrade(subprotocol: nil)
            var rest = bytes[...]
            for size in sizes where !rest.isEmpty {
                connection.write(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            connection.readToEnd()
        }
        defer { server.stop() }
        let (messages, error) = await FaultyPeer.receive(from: server.url)
        #expect(messages == expected, "seed \(seed)")
        #expect(error?.kind == .closed(code: 4000))
    }

    @Test("net.slice: an upgrade's response in segments of 1 to 7 bytes is the same response")
    func slicedUpgrade() async throws {
        let server = try RawServer { connection in
            connection.sendAtOnce()
            let answer = RawConnection.acceptance(of: connection.readRequest(), subprotocol: nil)
            var random = SeededRandom(4)
            var rest = (answer + FaultyPeer.text("whole") + FaultyPeer.close(1000))[...]
            while !rest.isEmpty {
                let size = Int.random(in: 1...7, using: &random)
                connection.write(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
                connection.pause(milliseconds: 1)
            }
            connection.readToEnd()
        }
        defer { server.stop() }
        let (messages, error) = await FaultyPeer.receive(from: server.url)
        #expect(messages == ["whole"])
        #expect(error == nil)
    }

    @Test("net.slowdrip: as long as single bytes come, in the middle of a frame, the server is not dead")
    func slowDrip() async throws {
        var configuration = FaultyPeer.configuration()
        configuration.pingInterval = .milliseconds(300)
        configuration.pongDeadline = .milliseconds(300)
        let server = try RawServer { connection in
            connection.sendAtOnce()
            connection.acceptUpgrade(subprotocol: nil)
            // 1.6 s for one message; no ping is answered.
            for byte in FaultyPeer.text("dripping water, drop") + FaultyPeer.close(1000) {
                connection.pause(milliseconds: 60)
                connection.write([byte])
            }
            connection.readToEnd()
        }
        defer { server.stop() }
        let took = await ContinuousClock().measure {
            let (messages, error) = await FaultyPeer.receive(from: server.url, configuration)
            #expect(messages == ["dripping water, drop"])
            #expect(error == nil)
        }
        #expect(took > .milliseconds(600))
    }

    @Test("net.slowdrip: a loop that was held up reads what has come before it gives the server up")
    func heldUpLoop() async throws {
        var configuration = FaultyPeer.configuration()
        configuration.pingInterval = .milliseconds(100)
        configuration.pongDeadline = .seconds(1)
        let loop = EventLoop()
        defer { loop.shutdown() }
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            var frames = ClientFrames(connection)
            guard frames.next(0x89) != nil else { return }
            // The answer comes in time; but the loop is busy from before it until the deadline has passed.
            let (busy, answered) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            loop.execute {
                busy.signal()
                answered.wait()
                _ = DispatchSemaphore(value: 0).wait(timeout: .now() + 1.1)
            }
            busy.wait()
            connection.write(RawConnection.frame(0x8A, []) + FaultyPeer.text("alive") + FaultyPeer.close(1000))
            answered.signal()
            connection.readToEnd()
        }
        defer { server.stop() }
        let socket = try await WebSocket.connect(to: server.url, configuration: configuration, loop: loop)
        let (messages, error) = await FaultyPeer.rest(of: socket)
        #expect(messages == ["alive"])
        #expect(error == nil)
    }
}
