// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetTestSupport
import Testing

@testable import FreshetHTTP

@Suite(.timeLimit(.minutes(1)))
struct ContentDecoderTests {
    /// `hello, hello, hello: `, twenty times, as Python's gzip writes it.
    private static let packed = Array(
        Data(base64Encoded: "H4sIAAAAAAACA8tIzcnJ11HIQKKsUHijggMuCAA2oDxfpAEAAA==") ?? Data()
    )
    private static let text = String(repeating: "hello, hello, hello: ", count: 20)
    /// `hello`, by zlib.
    private static let deflated = Array(Data(base64Encoded: "eJzLSM3JyQcABiwCFQ==") ?? Data())

    private static func unpack(
        _ bytes: [UInt8],
        coding: String = "gzip",
        cuts: [Int] = []
    ) throws -> (text: String, isComplete: Bool) {
        let decoder = try #require(try ContentDecoder(coding))
        var text = ""
        var start = 0
        for cut in cuts + [bytes.count] {
            decoder.append(Bytes(copying: bytes[start..<cut]))
            while let piece = try decoder.next() { text += piece.text }
            start = cut
        }
        #expect(!decoder.hasInput)
        return (text, decoder.isComplete)
    }

    @Test("It comes out the same at every split, and several members one after another")
    func splits() throws {
        #expect(Self.packed.count > 20)
        for cut in 0...Self.packed.count {
            let (text, isComplete) = try Self.unpack(Self.packed, cuts: [cut])
            #expect(text == Self.text && isComplete)
            let twice = try Self.unpack(Self.packed + Self.packed, cuts: [cut, Self.packed.count])
            #expect(twice.text == Self.text + Self.text && twice.isComplete)
        }
        #expect(try Self.unpack(Self.deflated, coding: "Deflate").text == "hello")
        #expect(try Self.unpack(Self.packed, cuts: Array(1..<Self.packed.count)).text == Self.text)
    }

    @Test("What is cut short is not complete, wherever it was cut; nothing at all is")
    func truncated() throws {
        for count in 1..<Self.packed.count {
            #expect(try !Self.unpack(Array(Self.packed.prefix(count))).isComplete, "\(count)")
        }
        #expect(try Self.unpack([]).isComplete)
    }

    @Test("Zeros behind the end are no harm, damage before it is an error")
    func damaged() throws {
        let padded = try Self.unpack(Self.packed + [0, 0, 0])
        #expect(padded.text == Self.text && padded.isComplete)
        for place in [0, 12, Self.packed.count - 8, Self.packed.count - 1] {
            var bytes = Self.packed
            bytes[place] ^= 0xFF
            let error = #expect(throws: FreshetError.self) { _ = try Self.unpack(bytes) }
            #expect(error?.kind == .protocolViolation)
        }
    }

    @Test("Other codings were not asked for, and none is none")
    func codings() throws {
        for coding in [nil, "", "identity"] { #expect(try ContentDecoder(coding) == nil) }
        for coding in ["br", "gzip, gzip", "x"] {
            let error = #expect(throws: FreshetError.self) { _ = try ContentDecoder(coding) }
            #expect(error?.kind == .protocolViolation)
        }
    }

    private static func server(_ coding: String, _ body: [UInt8]) throws -> RawHTTPServer {
        try RawHTTPServer { _, _ in
            .script { connection in
                let head = "HTTP/1.1 200 OK\r\nContent-Encoding: \(coding)\r\nContent-Length: \(body.count)\r\n\r\n"
                connection.write(Array(head.utf8) + body)
            }
        }
    }

    @Test("A packed answer is asked for and unpacked, and one that ends too early is an error")
    func answers() async throws {
        let whole = try Self.server("gzip", Self.packed)
        let cut = try Self.server("gzip", Self.packed.dropLast(4))
        defer {
            whole.stop()
            cut.stop()
        }
        let api = HTTPClient(middlewares: [])
        let reply = try await api.reply(to: .get, whole.url)
        #expect(reply.body.bytes?.text == Self.text)
        #expect(whole.requests.first?.header("accept-encoding") == "gzip")
        let error = await #expect(throws: FreshetError.self) { _ = try await api.reply(to: .get, cut.url) }
        #expect(error?.kind == .interrupted)
        let post = await #expect(throws: FreshetError.self) { _ = try await api.reply(to: .post, cut.url) }
        #expect(post?.kind == .outcomeUnknown)
        // A caller who asks for a coding gets what comes.
        let raw = try await api.reply(to: .get, whole.url, headers: [.acceptEncoding: "br"])
        #expect(raw.body.bytes?.array == Self.packed)
    }

    @Test("An answer without a body may say that it is packed")
    func noBody() async throws {
        let server = try RawHTTPServer { request, _ in
            .bytes("HTTP/1.1 \(request.path == "/304" ? "304 No" : "204 No")\r\nContent-Encoding: br\r\n\r\n")
        }
        defer { server.stop() }
        let api = HTTPClient(baseURL: server.url, middlewares: [])
        let call = try api.call(.get, "304")
        #expect(try await api.send(call).response.status.code == 304)
        try await api.delete("204")
        let empty = try Self.server("gzip", [])
        defer { empty.stop() }
        #expect(try await api.reply(to: .get, empty.url).body.bytes?.count == 0)
        #expect(try await api.reply(to: .head, empty.url).body.bytes?.count == 0)
    }
}
