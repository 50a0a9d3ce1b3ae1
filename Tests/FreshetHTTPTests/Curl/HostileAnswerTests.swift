// SPDX-License-Identifier: Apache-2.0

import FreshetHTTP
import FreshetTestSupport
import HTTPTypes
import Testing

/// Answers that are nearly right, by chance from a seed: an answer or an error with a kind comes of each, in bounded time.
@Suite(.timeLimit(.minutes(2)))
struct HostileAnswerTests {
    private static let valid = [
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"title\":\"t\"}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"tit\r\n8\r\nle\":\"t\"}\r\n0\r\nX-Sum: 1\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 302 Found\r\nLocation: /other?a=1\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 422 No\r\nContent-Type: application/problem+json\r\nContent-Length: 39\r\n\r\n{\"errors\":[{\"pointer\":\"/a\",\"detail\":1}]}",
        "HTTP/1.1 503 No\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\n{\"title\":\"t\"}",
    ]

    private static let pieces = [
        "\r\n", "\r", "\n", "\0", " ", ":", "HTTP/1.1 200 OK\r\n", "Content-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Content-Encoding: gzip\r\n", "Connection: close\r\n", "Location: //\r\n", "ffffffffffffffff", "-1", "\u{FFFF}",
        "[[[[",
        "HTTP/1.1 100 Continue\r\n\r\n", "0\r\n\r\n",
    ]

    private static func mutated(_ random: inout SeededRandom) -> [UInt8] {
        var bytes = Array((Self.valid.randomElement(using: &random) ?? "").utf8)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            guard !bytes.isEmpty else { break }
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(contentsOf: (Self.pieces.randomElement(using: &random) ?? "").utf8, at: place)
            case 3: bytes.removeSubrange(place...)
            default:
                let end = Int.random(in: place..<bytes.count, using: &random)
                bytes.insert(contentsOf: Array(bytes[place...end]), at: place)
            }
        }
        return bytes
    }

    private struct Item: Decodable, Sendable { var title: String }

    @Test("Two hundred answers from seeds, to a GET and to a POST, whole and as they come")
    func seeds() async throws {
        let answer = Locked<[UInt8]>([])
        let server = try RawHTTPServer { _, _ in
            .script { connection in
                connection.write(answer.withLock { $0 })
                connection.endWriting()
                connection.readToEnd()
            }
        }
        defer { server.stop() }
        var configuration = HTTPConfiguration()
        configuration.timeouts = HTTPTimeouts(receive: .seconds(5), total: .seconds(10))
        configuration.limits = HTTPLimits(headers: 4096, body: 4096)
        let api = HTTPClient(baseURL: server.url, configuration: configuration, middlewares: [])
        for seed in UInt64(1)...200 {
            var random = SeededRandom(seed)
            answer.withLock { $0 = Self.mutated(&random) }
            for way in 0..<3 {
                let before = server.requests.count
                do throws(FreshetError) {
                    switch way {
                    case 0: _ = try await api.get("x", as: Item?.self)
                    case 1: _ = try await api.post("x", json: 1, as: Item?.self)
                    default: for try await _ in try await api.stream(.get, "x").body.lines(upTo: 100) {}
                    }
                } catch {
                    #expect(
                        ![.unreachable, .cancelled, .invalidInput, .timeout(.body), .timeout(.total)].contains(
                            error.kind
                        ),
                        "seed \(seed): \(error)"
                    )
                    #expect(!error.message.isEmpty)
                }
                // Redirects are followed, and nothing is sent twice by itself.
                let paths = server.requests.dropFirst(before).map(\.path)
                #expect(paths.count == Set(paths).count && paths.count <= 6, "seed \(seed): \(paths)")
            }
        }
    }
}
