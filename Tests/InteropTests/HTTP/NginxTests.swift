// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetHTTP
import Testing

/// The client and nginx: TLS, HTTP/2, compression, and an upstream that fails.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct NginxTests {
    struct Slow: Decodable, Sendable { var ms: Int }

    private static func trusting(_ nginx: Nginx, _ label: String = "TLS") throws -> HTTPClient {
        .fresh(try nginx.url(label)) { $0.tls.authorities = .file(nginx.authority) }
    }

    @Test("Whom to trust: the system's authorities, our own, a pinned key; by name and version")
    func trust() async throws {
        let (backend, url) = try await Program.backend()
        let nginx = try await Nginx(before: url)
        defer {
            nginx.stop()
            backend.stop()
        }
        let tls = try nginx.url("TLS")
        let pin = try await nginx.certificates.pin(of: nginx.certificate)
        let otherPin = try await nginx.certificates.pin(of: nginx.client.certificate)
        func ask(_ url: String, _ change: (inout TLSConfiguration) -> Void) async throws -> Int {
            try await HTTPClient.fresh(url) { change(&$0.tls) }.get("slow?ms=1", as: Slow.self).ms
        }
        let ours = TLSConfiguration.PEM.file(nginx.authority)
        #expect(try await ask(tls) { $0.authorities = ours } == 1)
        #expect(
            try await ask(tls) {
                $0.authorities = ours
                $0.pinnedPublicKeys = [otherPin, pin]
                $0.minimumVersion = .tls13
            } == 1
        )
        #expect(
            try await ask(tls) {
                $0.acceptsAnyCertificate = true
                $0.pinnedPublicKeys = [pin]
            } == 1
        )
        for trusts in [true, false] {
            let error = await failure {
                _ = try await ask(tls) {
                    $0.pinnedPublicKeys = [otherPin]
                    if trusts { $0.authorities = ours } else { $0.acceptsAnyCertificate = true }
                }
            }
            #expect(error?.kind == .tls(.keyNotPinned), "\(String(describing: error))")
        }
        let system = await failure { _ = try await ask(tls) { _ in } }
        #expect(system?.kind == .tls(.unknownAuthority), "\(String(describing: system))")
        // The certificate is for an address, not for this name of it.
        let name = await failure {
            _ = try await ask(tls.replacing("127.0.0.1", with: "localhost")) { $0.authorities = ours }
        }
        #expect(name?.kind == .tls(.wrongHost))
        let other = await failure {
            _ = try await ask(tls) {
                $0.authorities = ours
                $0.serverName = "elsewhere.example"
            }
        }
        #expect(other?.kind == .tls(.wrongHost))
        // A connection that one may use is not another's.
        let pool = HTTPPool()
        let good = HTTPClient.fresh(tls) {
            $0.pool = pool
            $0.tls.authorities = ours
        }
        _ = try await good.get("slow?ms=1", as: Slow.self)
        let distrustful = HTTPClient.fresh(tls) { $0.pool = pool }
        let stranger = await failure { _ = try await distrustful.get("slow?ms=1", as: Slow.self) }
        #expect(stranger?.kind == .tls(.unknownAuthority))
        let plain = await failure {
            _ = try await ask(url.replacing("http:", with: "https:")) { $0.authorities = ours }
        }
        #expect(plain?.kind == .tls(.notTLS), "\(String(describing: plain))")
    }

    @Test(
        "What is wrong with a certificate is told apart",
        arguments: [
            ("DNS:elsewhere.example", ["-days", "2"], false, .wrongHost),
            ("IP:127.0.0.1", ["-days", "-1"], false, .expired),
            ("IP:127.0.0.1", [], true, .selfSigned),
        ] as [(String, [String], Bool, FreshetError.TLSFailure)]
    )
    func certificates(_ name: String, _ times: [String], _ selfSigned: Bool, _ kind: FreshetError.TLSFailure)
        async throws
    {
        let nginx = try await Nginx(before: "http://127.0.0.1:1", name: name, times: times, selfSigned: selfSigned)
        defer { nginx.stop() }
        let error = await failure { _ = try await Self.trusting(nginx).post("x", json: 1, as: Int.self) }
        #expect(error?.kind == .tls(kind), "\(String(describing: error))")
        #expect(error?.hint != nil)
    }

    @Test("A version of TLS that is too old is told so")
    func version() async throws {
        let nginx = try await Nginx(before: "http://127.0.0.1:1", protocols: "TLSv1.2")
        defer { nginx.stop() }
        let api = HTTPClient.fresh(try nginx.url("TLS")) {
            $0.tls.authorities = .file(nginx.authority)
            $0.tls.minimumVersion = .tls13
        }
        let error = await failure { _ = try await api.post("x", json: 1, as: Int.self) }
        #expect(error?.kind == .tls(.version), "\(String(describing: error))")
    }

    @Test(
        "A server that wants a certificate gets ours, and says so where there is none",
        arguments: ["TLSv1.2", "TLSv1.3"]
    )
    func clientCertificates(_ version: String) async throws {
        let (backend, url) = try await Program.backend()
        let nginx = try await Nginx(before: url, protocols: version)
        defer {
            nginx.stop()
            backend.stop()
        }
        let with = HTTPClient.fresh(try nginx.url("MUTUAL")) {
            $0.tls.authorities = .file(nginx.authority)
            $0.tls.identity = .init(certificate: .file(nginx.client.certificate), key: .file(nginx.client.key))
        }
        #expect(try await with.get("slow?ms=1", as: Slow.self).ms == 1)
        let without = try Self.trusting(nginx, "MUTUAL")
        let error = await failure { _ = try await without.get("slow?ms=1", as: Slow.self) }
        #expect(error?.kind == .tls(.clientCertificateRequired), "\(String(describing: error))")
        let broken = HTTPClient.fresh(try nginx.url("MUTUAL")) {
            $0.tls.authorities = .file(nginx.authority)
            $0.tls.identity = .init(certificate: .text("no PEM"), key: .text("hunter2"))
        }
        let settings = await failure { _ = try await broken.get("slow?ms=1", as: Slow.self) }
        #expect(settings?.kind == .invalidInput, "\(String(describing: settings))")
        #expect(settings?.description.contains("hunter2") == false)
    }

    @Test("HTTP/2 carries 64 requests at a time on one connection, unless it is not wanted")
    func http2() async throws {
        let (backend, url) = try await Program.backend()
        let nginx = try await Nginx(before: url)
        defer {
            nginx.stop()
            backend.stop()
        }
        let api = try Self.trusting(nginx)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<64 {
                group.addTask { try await api.get("slow?ms=\(number % 7)", as: Slow.self).ms }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == (0..<64).reduce(0) { $0 + $1 % 7 })
        let log = try await nginx.log(64)
        #expect(log.count == 64)
        #expect(Set(log.map(\.version)) == ["HTTP/2.0"])
        #expect(Set(log.map(\.connection)).count == 1)
        let old = HTTPClient.fresh(try nginx.url("TLS")) {
            $0.tls.authorities = .file(nginx.authority)
            $0.allowsHTTP2 = false
        }
        for _ in 1...3 { _ = try await old.get("slow?ms=1", as: Slow.self) }
        let later = try await nginx.log(67).dropFirst(64)
        #expect(later.map(\.version) == ["HTTP/1.1", "HTTP/1.1", "HTTP/1.1"])
        #expect(Set(later.map(\.connection)).count == 1)
    }

    @Test(
        "A server that ends its connections, also by GOAWAY: every call arrives, and no POST twice",
        arguments: [true, false]
    )
    func goAway(_ http2: Bool) async throws {
        let (backend, url) = try await Program.backend()
        let nginx = try await Nginx(before: url)
        defer {
            nginx.stop()
            backend.stop()
        }
        let api = HTTPClient.fresh(try nginx.url("FEW"), middlewares: [RetryMiddleware()]) {
            $0.tls.authorities = .file(nginx.authority)
            $0.allowsHTTP2 = http2
        }
        for number in 1...12 {
            let isPost = number % 2 == 0
            _ = try await api.reply(to: isPost ? .post : .get, "echo", body: isPost ? HTTPBody([0x78]) : nil)
        }
        let posts = try await nginx.log(12).filter { $0.method == "POST" }
        #expect(posts.count == 6)
        // Many at once: an outcome may be unknown, but nothing is sent twice.
        let sent = await withTaskGroup(of: String?.self) { group in
            for number in 0..<40 {
                group.addTask {
                    do throws(FreshetError) {
                        _ = try await api.reply(to: .post, "echo", query: ["n": number], body: HTTPBody([0x78]))
                        return nil
                    } catch {
                        return error.kind == .outcomeUnknown ? nil : "\(error)"
                    }
                }
            }
            return await group.reduce(into: [String]()) { if let words = $1 { $0.append(words) } }
        }
        #expect(sent.isEmpty, "\(sent)")
        let numbers = try await nginx.log(12).dropFirst(12).map(\.path)
        #expect(numbers.count == Set(numbers).count)
    }

    @Test("Compressed answers are unpacked, and their limit is that of what comes out", arguments: ["PLAIN", "TLS"])
    func gzip(_ label: String) async throws {
        let (backend, url) = try await Program.backend()
        let nginx = try await Nginx(before: url)
        defer {
            nginx.stop()
            backend.stop()
        }
        let api = try Self.trusting(nginx, label)
        let reply = try await api.reply(to: .get, "lines?count=1000")
        #expect(reply.response.headerFields[.contentEncoding] == "gzip")
        #expect(reply.body.bytes?.text.split(separator: "\n").count == 1000)
        #expect(reply.body.bytes?.text.hasPrefix("{\"n\": 1}\n") == true)
        var small = try api.call(.get, "lines?count=1000")
        small.limits.body = 5000
        small.collectsBody = true
        let call = small
        #expect(await failure { _ = try await api.send(call) }?.kind == .messageTooLarge)
        let plain = HTTPClient.fresh(try nginx.url(label)) {
            $0.tls.authorities = .file(nginx.authority)
            $0.compresses = false
        }
        #expect(try await plain.reply(to: .get, "lines?count=100").response.headerFields[.contentEncoding] == nil)
    }

    @Test("An upstream that is slow, or not there, or gets too much", arguments: ["PLAIN", "TLS"])
    func upstream(_ label: String) async throws {
        let (backend, url) = try await Program.backend()
        let nginx = try await Nginx(before: url)
        defer {
            nginx.stop()
            backend.stop()
        }
        let api = try Self.trusting(nginx, label)
        #expect(
            await failure { _ = try await api.get("impatient/slow?ms=3000", as: Slow.self) }?.kind
                == .server(status: 504)
        )
        #expect(await failure { _ = try await api.get("nobody/items", as: Slow.self) }?.kind == .server(status: 502))
        let large = HTTPBody([UInt8](repeating: 0x78, count: 5000))
        let error = await failure { _ = try await api.reply(to: .post, "small/echo", body: large) }
        #expect(error?.kind == .rejected(status: 413))
        for _ in 1...3 { _ = try await api.get("closing/slow?ms=1", as: Slow.self) }
        _ = try await api.reply(to: .post, "closing/echo", body: large)
    }

    @Test("An upstream that breaks off in the middle is seen through nginx too", arguments: ["PLAIN", "TLS"])
    func brokenUpstream(_ label: String) async throws {
        let (bad, url) = try await Program.badHTTP()
        let nginx = try await Nginx(before: url)
        defer {
            nginx.stop()
            bad.stop()
        }
        let api = try Self.trusting(nginx, label)
        for path in ["truncated", "truncated-chunked"] {
            let error = await failure { _ = try await api.get(path, as: Slow.self) }
            #expect(error?.kind == .interrupted, "\(path): \(String(describing: error))")
            let post = await failure { _ = try await api.post(path, json: 1, as: Slow.self) }
            #expect(post?.kind == .outcomeUnknown)
        }
    }

    @Test("A slow reader gets all of a large body, in pieces, while others are served", arguments: ["PLAIN", "TLS"])
    func backPressure(_ label: String) async throws {
        let (backend, url) = try await Program.backend()
        let nginx = try await Nginx(before: url)
        defer {
            nginx.stop()
            backend.stop()
        }
        let api = try Self.trusting(nginx, label)
        let size = 30 << 20
        let reply = try await api.stream(.get, "big", query: ["bytes": size, "chunked": true])
        var read = 0
        var pieces = reply.body.makeAsyncIterator()
        while let piece = try await pieces.next() {
            read += piece.count
            // Far behind, and on HTTP/2 on the same connection.
            if read < 4 << 20 { _ = try await api.get("slow?ms=1", as: Slow.self) }
        }
        #expect(read == size)
        let body = HTTPBody([UInt8](repeating: 0x78, count: 900_000))
        let echo = try await api.reply(to: .post, "echo", body: body)
        #expect(echo.body.bytes?.count ?? 0 > 1_800_000)
    }
}
