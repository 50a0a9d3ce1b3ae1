// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport
import HTTPTypes
import Testing

@testable import FreshetHTTP

@Suite(.timeLimit(.minutes(1)))
struct UploadTests {
    private static func bytes(_ text: String) -> Bytes { Bytes(copying: Array(text.utf8)) }

    private static func stream(_ pieces: String...) -> AsyncStream<Bytes> {
        AsyncStream { continuation in
            for piece in pieces { continuation.yield(Self.bytes(piece)) }
            continuation.finish()
        }
    }

    private static func fill(_ buffer: UploadBuffer, _ size: Int) -> String {
        var bytes = [UInt8](repeating: 0, count: size)
        let filled = bytes.withUnsafeMutableBytes { buffer.fill($0) }
        guard case .bytes(let count) = filled else { return "\(filled)" }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    @Test("Bytes are handed out in pieces of any size, then the end", arguments: [1, 2, 3, 100])
    func bytes(_ size: Int) {
        let buffer = UploadBuffer(HTTPBody(Array("abcde".utf8)))
        var all = ""
        while case let text = Self.fill(buffer, size), !text.isEmpty { all += text }
        #expect(all == "abcde")
        #expect(Self.fill(buffer, size) == "")
    }

    @Test("A stream wakes the thread when it was starving, and only then")
    func starving() async {
        let (pieces, feed) = AsyncStream<Bytes>.makeStream()
        let (woken, wake) = AsyncStream<Void>.makeStream()
        let buffer = UploadBuffer(HTTPBody(pieces))
        #expect(Self.fill(buffer, 10) == "nothingYet")
        buffer.start { wake.yield() }
        feed.yield(Self.bytes("abc"))
        for await _ in woken { break }
        #expect(Self.fill(buffer, 2) == "ab")
        #expect(Self.fill(buffer, 2) == "c")
        #expect(Self.fill(buffer, 2) == "nothingYet")
        feed.finish()
        for await _ in woken { break }
        #expect(Self.fill(buffer, 2) == "")
    }

    @Test("Little is read ahead, and after the end nothing, even of a sequence that never ends")
    func bounded() async {
        let produced = Locked(0)
        let (stalled, announce) = AsyncStream<Int>.makeStream()
        let pieces = AsyncStream<Bytes> {
            let count = produced.withLock { count in
                count += 1
                return count
            }
            if count == 4 { announce.yield(count) }
            return Bytes(copying: [UInt8](repeating: 0, count: 64 << 10))
        }
        let buffer = UploadBuffer(HTTPBody(pieces))
        buffer.start {}
        for await _ in stalled { break }
        // The fifth piece is asked for when there is room again.
        #expect(produced.withLock { $0 } == 4)
        buffer.stop()
    }

    @Test("Another length than was announced is never sent", arguments: [3, 7])
    func wrongLength(_ length: Int) async throws {
        let server = try RawHTTPServer { _, _ in RawHTTPServer.answer(body: "1") }
        defer { server.stop() }
        let api = HTTPClient(baseURL: server.url)
        let body = HTTPBody(Self.stream("ab", "cde"), length: length)
        let error = await #expect(throws: FreshetError.self) { _ = try await api.reply(to: .put, "x", body: body) }
        #expect(error?.kind == .invalidInput)
        #expect(error?.message.contains("another length") == true)
        #expect(server.requests.isEmpty)
        let right = HTTPBody(Self.stream("ab", "cde"), length: 5)
        _ = try await api.reply(to: .put, "x", body: right)
        #expect(server.requests.first?.header("content-length") == "5")
        #expect(server.requests.first?.body == "abcde")
    }

    @Test("An answer that comes before the body has been sent is the answer")
    func earlyAnswer() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            connection.readToEnd()
        }
        defer { server.stop() }
        let api = HTTPClient(baseURL: "http://127.0.0.1:\(server.port)")
        let body = HTTPBody([UInt8](repeating: 0, count: 64 << 20))
        let error = await #expect(throws: FreshetError.self) { _ = try await api.reply(to: .post, "x", body: body) }
        #expect(error?.kind == .rejected(status: 413))
    }

    @Test("Cancelling an upload ends its stream")
    func cancelling() async throws {
        let (asked, announceAsked) = AsyncStream<Void>.makeStream()
        let server = try RawServer { connection in
            _ = connection.readRequest()
            announceAsked.yield()
            connection.readToEnd()
        }
        defer { server.stop() }
        let (pieces, feed) = AsyncStream<Bytes>.makeStream()
        let (ended, announce) = AsyncStream<Void>.makeStream()
        feed.onTermination = { _ in announce.yield() }
        let api = HTTPClient(baseURL: "http://127.0.0.1:\(server.port)")
        let task = Task { try await api.reply(to: .post, "x", body: HTTPBody(pieces)) }
        feed.yield(Self.bytes("some"))
        for await _ in asked { break }
        task.cancel()
        let error = await #expect(throws: FreshetError.self) { _ = try await task.value }
        #expect(error?.kind == .cancelled)
        for await _ in ended { break }
    }
}
