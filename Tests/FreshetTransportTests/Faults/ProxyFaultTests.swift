// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

/// Proxies that say nothing: it is told who is silent.
@Suite(.timeLimit(.minutes(1)))
struct ProxyFaultTests {
    private func error(_ url: String, by proxy: RawServer, deadline: Duration) async -> FreshetError? {
        var configuration = FaultyPeer.configuration(deadline: deadline)
        configuration.proxy = .proxy(Proxy(host: "127.0.0.1", port: proxy.port))
        return await FaultyPeer.receive(from: url, configuration).error
    }

    @Test("A proxy that does not answer CONNECT is named", arguments: ["ws", "wss"])
    func silent(_ scheme: String) async throws {
        let proxy = try RawServer { $0.readToEnd() }
        defer { proxy.stop() }
        let url = "\(scheme)://somewhere.invalid:4599/"
        let error = try #require(await self.error(url, by: proxy, deadline: .seconds(2)))
        #expect(error.kind == .timeout(scheme == "ws" ? .upgrade : .tls))
        let way = "connecting to somewhere.invalid:4599 through the proxy 127.0.0.1:\(proxy.port)"
        #expect(error.message.contains(way), "\(error)")
        #expect(error.hint?.contains("CONNECT") == true)
    }

    @Test("When it has connected us, the server is the one that is silent; the proxy in between is named as well")
    func silentBehind() async throws {
        let proxy = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n\r\n")
            connection.readToEnd()
        }
        defer { proxy.stop() }
        let error = try #require(await self.error("ws://somewhere.invalid:4599/", by: proxy, deadline: .seconds(2)))
        #expect(error.kind == .timeout(.upgrade))
        #expect(error.message.contains("the answer to the upgrade request from somewhere.invalid:4599"), "\(error)")
        #expect(error.hint?.contains("127.0.0.1:\(proxy.port)") == true)
    }

    @Test("A proxy that refuses, and does not say why when it is asked, is left at the deadline")
    func silentProbe() async throws {
        let (asked, left) = (Locked(0), Witness<Bool>())
        let proxy = try RawServer { connection in
            _ = connection.readRequest()
            let number = asked.withLock { count in
                count += 1
                return count
            }
            if number == 1 { connection.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") }
            connection.readToEnd()
            if number == 2 { left.tell(true) }
        }
        defer { proxy.stop() }
        let error = await self.error("ws://somewhere.invalid:4599/", by: proxy, deadline: .seconds(1))
        #expect(error?.kind == .timeout(.upgrade))
        // libwebsockets' own deadline, a minute, is that of this suite.
        #expect(await left.next() == true)
    }
}
