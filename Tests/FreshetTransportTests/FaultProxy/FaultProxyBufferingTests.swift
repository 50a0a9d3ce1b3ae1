// SPDX-License-Identifier: Apache-2.0

import Dispatch
import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

/// A middlebox that holds frames back.
@Suite(.timeLimit(.minutes(1)))
struct FaultProxyBufferingTests {
    @Test("proxy.buffering: frames are held back until there is much of them, or the middlebox changes its mind")
    func buffering() async throws {
        let server = try ProxyPeer.echo()
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.url, configuration: FaultProxyConfiguration(textLimit: 100))
        defer { proxy.stop() }
        proxy.conditions.buffering = 10
        let socket = try await ProxyPeer.connect(proxy)
        for text in ["a", "b", "c", "d", "e"] { try await socket.send(text: text) }
        // Three bytes each: four of them are more than ten, and the fifth is not.
        #expect(await proxy.entry { $0.isFrame(.toClient) && $0.text == "e" } != nil)
        proxy.cut(.end)
        #expect(await FaultyPeer.rest(of: socket).messages == ["a", "b", "c", "d"])
        let second = try await ProxyPeer.connect(proxy)
        try await second.send(text: "f")
        #expect(await proxy.entry { $0.isFrame(.toClient) && $0.text == "f" } != nil)
        proxy.conditions.buffering = nil
        var iterator = second.makeAsyncIterator()
        #expect(try await iterator.next()?.text == "f")
    }

    @Test("proxy.buffering: what was held back goes before what comes in the moment in which it ends")
    func bufferingEnds() async throws {
        let (noted, written) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            connection.sendText("held back")
            _ = noted.wait(timeout: .now() + 10)
            connection.sendText("after it")
            written.signal()
            connection.waitForStop()
        }
        defer { server.stop() }
        let holder = Locked<FaultProxy?>(nil)
        let configuration = FaultProxyConfiguration(textLimit: 100)
        let proxy = try FaultProxy(to: server.url, configuration: configuration) { entry in
            guard entry.text == "held back", entry.isFrame(.toClient) else { return }
            holder.withLock { $0 }?.conditions.buffering = nil
            noted.signal()
            _ = written.wait(timeout: .now() + 10)
        }
        holder.withLock { $0 = proxy }
        defer { proxy.stop() }
        defer { holder.withLock { $0 = nil } }
        proxy.conditions.buffering = 1000
        let socket = try await ProxyPeer.connect(proxy)
        var iterator = socket.makeAsyncIterator()
        #expect(try await iterator.next()?.text == "held back")
        #expect(try await iterator.next()?.text == "after it")
    }
}
