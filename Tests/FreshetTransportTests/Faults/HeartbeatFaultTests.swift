// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

/// Pings from a server that overdoes it, and pongs from one that does not send them.
@Suite(.timeLimit(.minutes(1)))
struct HeartbeatFaultTests {
    @Test("ws.ping-flood: pongs are bounded, the latest ping is answered, and messages get through")
    func pingFlood() async throws {
        let pings = 100_000
        @Sendable func payload(_ number: Int) -> [UInt8] {
            Array("\(number)".utf8) + [UInt8](repeating: 0x2E, count: 119)
        }
        let heard = Witness<(pongs: [ClientFrame], text: ClientFrame?)>()
        let server = try RawServer { connection in
            connection.limitReceiving(to: 131_072)
            connection.acceptUpgrade(subprotocol: nil)
            // 12 MB of pings before the first pong is read.
            for start in stride(from: 0, to: pings, by: 100) {
                connection.write((start..<start + 100).flatMap { RawConnection.frame(0x89, payload($0)) })
            }
            connection.sendText("through")
            var frames = ClientFrames(connection)
            var pongs: [ClientFrame] = []
            var text: ClientFrame?
            while text == nil || pongs.last?.payload != payload(pings - 1), let frame = frames.next() {
                if frame.first == 0x8A { pongs.append(frame) }
                if frame.first == 0x81 { text = frame }
            }
            heard.tell((pongs, text))
            connection.write(FaultyPeer.close(1000))
            connection.readToEnd()
        }
        defer { server.stop() }
        let socket = try await WebSocket.connect(to: server.url, configuration: FaultyPeer.configuration())
        var iterator = socket.makeAsyncIterator()
        #expect(try await iterator.next()?.text == "through")
        try await socket.send(text: "here too")
        let (pongs, text) = try #require(await heard.next())
        #expect(text?.payload == Array("here too".utf8))
        #expect(pongs.first?.payload == payload(0))
        #expect(pongs.last?.payload == payload(pings - 1))
        // What the kernel did not take was not kept.
        #expect(pongs.count < pings)
        // In order, none twice.
        let numbers = pongs.compactMap { Int(String(decoding: $0.payload.prefix { $0 != 0x2E }, as: UTF8.self)) }
        #expect(numbers.count == pongs.count)
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 })
        #expect(try await iterator.next() == nil)
    }

    @Test("ws.no-pong: a server that reads our ping and does not answer is given up")
    func noPong() async throws {
        let pinged = Witness<Bool>()
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            var frames = ClientFrames(connection)
            pinged.tell(frames.next(0x89) != nil)
            connection.readToEnd()
        }
        defer { server.stop() }
        let error = await FaultyPeer.receive(from: server.url, FaultyPeer.impatient()).error
        #expect(error?.kind == .timeout(.keepAlive))
        #expect(await pinged.next() == true)
    }

    @Test("ws.no-pong: messages count as well as pongs do")
    func messagesInstead() async throws {
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            var frames = ClientFrames(connection)
            for number in 0..<5 where frames.next(0x89) != nil { connection.sendText("\(number)") }
            connection.write(FaultyPeer.close(1000))
            connection.readToEnd()
        }
        defer { server.stop() }
        let (messages, error) = await FaultyPeer.receive(from: server.url, FaultyPeer.impatient())
        #expect(messages == ["0", "1", "2", "3", "4"])
        #expect(error == nil)
    }
}
