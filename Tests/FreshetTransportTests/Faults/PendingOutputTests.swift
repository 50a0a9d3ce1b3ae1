// SPDX-License-Identifier: Apache-2.0

import Dispatch
import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

/// Ends while output waits that the peer does not take: each once made the loop spin for ever (rule B 5).
@Suite(.timeLimit(.minutes(1)))
struct PendingOutputTests {
    /// Whoever ends it, and how.
    enum End: CaseIterable, Sendable {
        case fin, rst, closeFrame, closed, dropped
    }

    @Test("tcp.fin-noclose, tcp.rst: an end while output waits is told, and the loop goes on", arguments: End.allCases)
    func end(_ end: End) async throws {
        let mayEnd = DispatchSemaphore(value: 0)
        let server = try RawServer { connection in
            connection.limitReceiving(to: 65536)
            connection.acceptUpgrade(subprotocol: nil)
            mayEnd.wait()
            switch end {
            case .fin: connection.endWriting()
            case .rst: return connection.resetAtEnd()
            case .closeFrame: connection.write(FaultyPeer.text("last") + FaultyPeer.close(4000))
            case .closed, .dropped: while connection.write(FaultyPeer.text("more")) {}
            }
            connection.waitForStop()
        }
        defer { server.stop() }
        let loop = EventLoop()
        defer { loop.shutdown() }
        // More than the kernel takes: when the loop has turned, libwebsockets holds a part of it.
        var configuration = FaultyPeer.configuration()
        configuration.sendLimit = 64 << 20
        configuration.pongDeadline = .seconds(1)
        var socket: WebSocket? = try await WebSocket.connect(to: server.url, configuration: configuration, loop: loop)
        try await socket?.send(binary: [UInt8](repeating: 7, count: 12 << 20))
        for _ in 0..<3 { await FaultyPeer.turn(loop) }
        mayEnd.signal()
        switch end {
        case .closed: await socket?.close()
        case .dropped:
            var iterator = socket?.makeAsyncIterator()
            #expect(try await iterator?.next()?.text == "more")
        case .fin, .rst, .closeFrame:
            let (messages, error) = await FaultyPeer.rest(of: try #require(socket))
            #expect(messages == (end == .closeFrame ? ["last"] : []))
            #expect(error?.kind == .closed(code: end == .closeFrame ? 4000 : 1006))
        }
        socket = nil
        for _ in 0..<100 { await FaultyPeer.turn(loop) }
    }
}
