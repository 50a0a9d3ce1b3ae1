// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetTestSupport
import Testing

/// What a person sees when the other side misbehaves: an exit code, and one line that says what was wrong.
@Suite(.timeLimit(.minutes(2)))
struct BadServersTests {
    private static let subscription = ["-q", "subscription { a }"]

    private func watch(_ url: String, _ arguments: String...) async throws -> Program.Result {
        await (try Program.freshet(["watch", url] + Self.subscription + arguments)).result()
    }

    /// The line of stderr that tells why.
    private func reason(_ result: Program.Result) -> String? {
        let lines = result.errors.filter { $0.hasPrefix("freshet: ") }
        #expect(lines.count == 1, "\(result.errors)")
        return lines.first
    }

    @Test(
        "A URL that cannot be watched",
        arguments: ["gopher://example.org", "ws://", "ws://user:secret@example.org/", "not a url", "ws://h:99999/"]
    )
    func badURL(_ url: String) async throws {
        let result = try await self.watch(url)
        #expect(result.status == 64)
        #expect(self.reason(result)?.contains("hint") == true)
        #expect(!result.errors.joined().contains("secret"))
    }

    @Test("A host that nobody knows")
    func unknownHost() async throws {
        let result = try await self.watch("ws://nobody.invalid/graphql")
        #expect(result.status == 3)
        #expect(self.reason(result)?.contains("nobody.invalid") == true)
    }

    @Test("A port where nobody listens")
    func refused() async throws {
        let closed = try FreePort.next()
        let result = try await self.watch("ws://127.0.0.1:\(closed)/graphql")
        #expect(result.status == 3)
        #expect(self.reason(result)?.contains("refused") == true)
    }

    @Test(
        "An HTTP answer instead of the upgrade",
        arguments: [
            (200, Int32(5)), (300, 5), (400, 5), (401, 4), (403, 4), (404, 5), (426, 5), (429, 3), (500, 3), (503, 3),
        ]
    )
    func status(_ status: Int, _ code: Int32) async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 \(status) Whatever\r\nContent-Length: 4\r\nLocation: /x\r\n\r\nbody")
            connection.readToEnd()
        }
        defer { server.stop() }
        let result = try await self.watch(server.url)
        #expect(result.status == code)
        #expect(self.reason(result)?.contains("HTTP \(status)") == true)
    }

    @Test("Redirects in a ring end after five")
    func redirects() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /x\r\n\r\n")
            connection.readToEnd()
        }
        defer { server.stop() }
        let result = try await self.watch(server.url)
        #expect(result.status == 5)
        #expect(self.reason(result)?.contains("more than 5 redirects") == true)
    }

    @Test("Not HTTP at all", arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "\u{0}\u{1}\u{2}", "HTTP/1.1 abc\r\n\r\n"])
    func notHTTP(_ answer: String) async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write(answer)
        }
        defer { server.stop() }
        let result = try await self.watch(server.url)
        #expect([3, 5].contains(result.status))
        #expect(self.reason(result) != nil)
    }

    @Test("An upgrade that does not answer our key, or announces a body")
    func wrongAccept() async throws {
        for extra in ["Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n", "Transfer-Encoding: chunked\r\n", ""] {
            let server = try RawServer { connection in
                _ = connection.readRequest()
                connection.write(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\(extra)\r\n"
                )
                connection.readToEnd()
            }
            defer { server.stop() }
            let result = try await self.watch(server.url)
            #expect(result.status == 5)
            #expect(self.reason(result)?.contains("broke the WebSocket handshake") == true)
        }
    }

    @Test("A subprotocol that was not offered")
    func subprotocol() async throws {
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: "mqtt")
            connection.readToEnd()
        }
        defer { server.stop() }
        let result = try await self.watch(server.url)
        #expect(result.status == 5)
        #expect(self.reason(result)?.contains("subprotocol") == true)
    }

    @Test("Messages that break the protocol", arguments: ["not json", "[1]", #"{"type":"next","id":"1"}"#])
    func badMessage(_ message: String) async throws {
        let server = try RawServer { connection in
            connection.beginGraphQL()
            connection.sendText(message)
            connection.readToEnd()
        }
        defer { server.stop() }
        let result = try await self.watch(server.url)
        #expect(result.status == 5)
        #expect(self.reason(result)?.contains("graphql-transport-ws") == true)
    }

    @Test("A frame that breaks RFC 6455")
    func badFrame() async throws {
        let server = try RawServer { connection in
            connection.beginGraphQL()
            connection.write(RawConnection.frame(0xC1, Array("{}".utf8)))
            connection.readToEnd()
        }
        defer { server.stop() }
        let result = try await self.watch(server.url)
        #expect(result.status == 5)
        #expect(self.reason(result)?.contains("reserved bit") == true)
    }

    @Test("A word about an operation that nobody asked for is told and passed over")
    func unknownOperation() async throws {
        let server = try RawServer { connection in
            connection.beginGraphQL()
            connection.sendText(#"{"id":"elsewhere","type":"next","payload":{"data":{"a":0}}}"#)
            connection.sendText(#"{"id":"1","type":"next","payload":{"data":{"a":1}}}"#)
            connection.sendText(#"{"id":"1","type":"complete"}"#)
            connection.readToEnd()
        }
        defer { server.stop() }
        let result = try await self.watch(server.url, "-o", "raw")
        #expect(result.status == 0)
        #expect(result.output == [#"{"data":{"a":1}}"#])
        #expect(self.reason(result)?.contains("unknown operation elsewhere") == true)
    }

    @Test("A message of 50 MB is refused before it is read, and the setting is named")
    func hugeMessage() async throws {
        let server = try RawServer { connection in
            connection.beginGraphQL()
            connection.write(RawConnection.frame(0x81, [UInt8](repeating: 0x20, count: 50_000_000)))
            connection.readToEnd()
        }
        defer { server.stop() }
        let result = try await self.watch(server.url)
        #expect(result.status == 5)
        #expect(self.reason(result)?.contains("more than 16777216 bytes") == true)
        #expect(self.reason(result)?.contains("messageLimit") == true)
    }

    @Test("A server that dies in the middle of a frame: what came before it is kept")
    func midFrame() async throws {
        let server = try RawServer { connection in
            connection.beginGraphQL()
            connection.sendText(#"{"id":"1","type":"next","payload":{"data":{"a":1}}}"#)
            let frame = RawConnection.frame(0x81, Array(#"{"id":"1","type":"next","payload":{}}"#.utf8))
            connection.write(Array(frame.prefix(20)))
            connection.resetAtEnd()
        }
        defer { server.stop() }
        let result = try await self.watch(server.url, "-o", "raw", "--no-retry")
        #expect(result.status == 3)
        #expect(result.output.allSatisfy { $0 == #"{"data":{"a":1}}"# })
        #expect(self.reason(result)?.contains("connection") == true)
    }

    @Test("--retry bounds how often it tries again")
    func retryLimit() async throws {
        let server = try RawServer { connection in
            connection.beginGraphQL()
        }
        defer { server.stop() }
        let result = try await self.watch(server.url, "--retry", "2")
        #expect(result.status == 3)
        #expect(result.errors.filter { $0.contains("state=live") }.count == 3)
    }

    @Test("--timeout ends a watch of which nothing comes")
    func timeout() async throws {
        let server = try RawServer { connection in
            connection.beginGraphQL()
            connection.readToEnd()
        }
        defer { server.stop() }
        let result = try await self.watch(server.url, "--timeout", "300ms", "-o", "jsonl")
        #expect(result.status == 124)
        #expect(result.output.last?.contains(#""code":124,"why":"timeout""#) == true)
    }

    @Test("A server that never answers the upgrade is given up after its deadline")
    func silent() async throws {
        let server = try RawServer { connection in connection.readToEnd() }
        defer { server.stop() }
        let result = try await self.watch(server.url)
        #expect(result.status == 3)
        #expect(self.reason(result)?.contains("took longer than 10.0 seconds") == true)
    }

    @Test("The stream's end before --count is an error of its own")
    func endedEarly() async throws {
        let server = try await EmbeddedServer()
        let watch = try Program.freshet("watch", await server.url, "-q", "subscription { count(to: 2) }", "-n", "3")
        #expect(await watch.result().status == 8)
        await server.shutdown()
    }

    @Test("A reader that does not read stdout holds up neither --timeout nor a signal", arguments: [true, false])
    func blockedOutput(_ timeout: Bool) async throws {
        let server = try await EmbeddedServer()
        let query = "subscription { ticks(every: 0, bytes: 1000) { n pad } }"
        let limit = timeout ? ["--timeout", "200ms"] : []
        let watch = try Program.blocked([await server.url, "-q", query, "-o", "raw"] + limit)
        if !timeout {
            #expect(await watch.errorLine { $0.contains("state=live") } != nil)
            watch.signal(SIGTERM)
        }
        #expect(await watch.exitStatus() == (timeout ? 124 : 143))
        await server.shutdown()
    }
}
