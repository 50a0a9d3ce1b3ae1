// SPDX-License-Identifier: Apache-2.0

import Dispatch
import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

/// The public WebSocket, against servers that do, byte by byte, what a test says.
@Suite(.timeLimit(.minutes(1)))
struct WebSocketTests {
    private static func configuration() -> WebSocketConfiguration {
        var configuration = WebSocketConfiguration(compression: .off)
        configuration.deadline = .seconds(5)
        configuration.pingInterval = .seconds(50)  // these servers answer no ping, and a busy machine may take long
        return configuration
    }

    private static let closing: [UInt8] = RawConnection.frame(0x88, [0x03, 0xE8])

    @Test("Messages come in order, and an orderly close is the end of the sequence")
    func messages() async throws {
        let server = try RawServer { connection in
            let frames = (0..<5000).flatMap { RawConnection.frame(0x81, Array("\($0)".utf8)) }
            connection.acceptUpgrade(subprotocol: "chat", followedBy: frames + Self.closing)
            connection.readToEnd()
        }
        defer { server.stop() }
        let socket = try await WebSocket.connect(
            to: server.url,
            subprotocols: ["chat"],
            configuration: Self.configuration()
        )
        #expect(socket.subprotocol == "chat")
        var next = 0
        for try await message in socket {
            #expect(message.text == "\(next)")
            next += 1
        }
        #expect(next == 5000)
        await #expect(throws: FreshetError.self) { try await socket.send(text: "late") }
    }

    @Test("A connection that breaks is an error, after what had come")
    func broken() async throws {
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil, followedBy: RawConnection.frame(0x82, [1, 2, 3]))
        }
        defer { server.stop() }
        let socket = try await WebSocket.connect(to: server.url, configuration: Self.configuration())
        var seen: [[UInt8]] = []
        do {
            for try await message in socket { seen.append(message.bytes) }
            Issue.record("no error")
        } catch {
            #expect(error.kind == .closed(code: 1006))
        }
        #expect(seen == [[1, 2, 3]])
    }

    @Test("A suspended sender goes on when the server reads, and nothing is lost")
    func suspendedSender() async throws {
        let mayRead = DispatchSemaphore(value: 0)
        let received = Locked(0)
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            mayRead.wait()
            var total = 0
            while total < 64 << 20, let bytes = connection.read() { total += bytes.count }
            received.withLock { $0 = total }
            connection.write(Self.closing)
            connection.readToEnd()
        }
        defer { server.stop() }
        let socket = try await WebSocket.connect(to: server.url, configuration: Self.configuration())
        let payload = [UInt8](repeating: 7, count: 1 << 20)
        for number in 0..<64 {
            try await socket.send(binary: payload)
            if number == 1 { mayRead.signal() }
        }
        for try await _ in socket {}
        #expect(received.withLock { $0 } >= 64 << 20)
    }

    @Test("Cancelling a suspended sender ends its wait, and the message is not sent")
    func cancelledSender() async throws {
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            connection.waitForStop()
        }
        defer { server.stop() }
        let socket = try await WebSocket.connect(to: server.url, configuration: Self.configuration())
        // A gigabyte: more than the queue and the kernel take.
        let sender = Task { () -> FreshetError? in
            let payload = [UInt8](repeating: 7, count: 1 << 20)
            do throws(FreshetError) {
                for _ in 0..<1000 { try await socket.send(binary: payload) }
                return nil
            } catch {
                return error
            }
        }
        sender.cancel()
        #expect(await sender.value?.kind == .cancelled)
    }

    @Test("A redirect is followed with its headers to the same origin, without them to another")
    func redirects() async throws {
        let requests = Locked<[String]>([])
        let target = try RawServer { connection in
            let request = connection.readRequest()
            requests.withLock { $0.append(request) }
            connection.accept(request, followedBy: Self.closing)
            connection.readToEnd()
        }
        defer { target.stop() }
        let location = target.url
        let first = try RawServer { connection in
            let request = connection.readRequest()
            requests.withLock { $0.append(request) }
            let next = request.hasPrefix("GET /second") ? location : "/second?q=1"
            connection.write("HTTP/1.1 307 Moved\r\nContent-Length: 0\r\nLocation: \(next)\r\n\r\n")
            connection.readToEnd()
        }
        defer { first.stop() }
        var configuration = Self.configuration()
        configuration.headers = [HTTPHeader("Authorization", "Bearer hunter2")]
        let socket = try await WebSocket.connect(to: first.url, configuration: configuration)
        for try await _ in socket {}
        let seen = requests.withLock { $0 }
        #expect(seen.count == 3)
        #expect(seen.map { $0.contains("hunter2") } == [true, true, false])

        // A name may go there, what could be a token not.
        requests.withLock { $0 = [] }
        let offer = ["graphql-transport-ws"]
        _ = try await WebSocket.connect(to: first.url, subprotocols: offer, configuration: configuration)
        #expect(requests.withLock { $0.map { $0.contains("graphql-transport-ws") } } == [true, true, true])
        requests.withLock { $0 = [] }
        await #expect {
            try await WebSocket.connect(to: first.url, subprotocols: ["x", "hunter3"], configuration: configuration)
        } throws: {
            let error = $0 as? FreshetError
            return error?.message.contains("subprotocols") == true && error?.message.contains("hunter3") == false
        }
        #expect(requests.withLock { $0.map { $0.contains("hunter3") } } == [true, true])

        configuration.redirects.acrossOrigins = false
        await #expect { try await WebSocket.connect(to: first.url, configuration: configuration) } throws: {
            ($0 as? FreshetError)?.message.contains("another origin") == true
        }
    }

    @Test("A redirect to another origin is followed without the client certificate")
    func redirectedIdentity() async throws {
        let hello = Locked<[UInt8]>([])
        let target = try RawServer { connection in
            let bytes = connection.read() ?? []
            hello.withLock { $0 = bytes }
        }
        defer { target.stop() }
        let location = "https://127.0.0.1:\(target.port)/"
        let first = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 307 Moved\r\nContent-Length: 0\r\nLocation: \(location)\r\n\r\n")
            connection.readToEnd()
        }
        defer { first.stop() }
        var configuration = Self.configuration()
        // Whoever wants to show this one cannot even begin.
        let unreadable = TLSConfiguration.PEM.text("no certificate")
        configuration.tls.identity = TLSConfiguration.Identity(certificate: unreadable, key: unreadable)
        await #expect(throws: FreshetError.self) {
            try await WebSocket.connect(to: first.url, configuration: configuration)
        }
        #expect(hello.withLock { $0.first } == 0x16)  // a TLS handshake
    }

    @Test("A refusal tells status, Retry-After, WWW-Authenticate and the first KiB of the body")
    func refusal() async throws {
        let body = String(repeating: "slow down. ", count: 1000)
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write(
                "HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nWWW-Authenticate: Bearer realm=\"x\"\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
            connection.readToEnd()
        }
        defer { server.stop() }
        do {
            _ = try await WebSocket.connect(to: server.url, configuration: Self.configuration())
            Issue.record("it connected")
        } catch {
            #expect(error.kind == .upgradeRefused(status: 429))
            #expect(error.refusal?.retryAfter == .seconds(7))
            #expect(error.refusal?.authenticate == "Bearer realm=\"x\"")
            #expect(error.refusal.map { String(decoding: $0.body, as: UTF8.self) } == String(body.prefix(1024)))
        }
    }

    @Test("A silent server is pinged, then given up", .timeLimit(.minutes(1)))
    func silence() async throws {
        let server = try RawServer { connection in
            connection.acceptUpgrade(subprotocol: nil)
            connection.waitForStop()
        }
        defer { server.stop() }
        var configuration = Self.configuration()
        configuration.pingInterval = .milliseconds(100)
        configuration.pongDeadline = .milliseconds(100)
        let socket = try await WebSocket.connect(to: server.url, configuration: configuration)
        await #expect { for try await _ in socket {} } throws: {
            ($0 as? FreshetError)?.kind == .timeout(.keepAlive)
        }
    }
}
