// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP
import FreshetTestSupport
import FreshetTransport
import HTTPTypes
import Logging
import Testing

/// What a program prints of a client must not tell what it sends.
@Suite(.timeLimit(.minutes(1)))
struct SecretsTests {
    private static let secret = "hunter2-s3cr3t"

    /// Everything that was logged, in lines.
    private struct Recorder: LogHandler {
        let lines: Locked<[String]>
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let metadata = event.metadata.map { "\($0)" } ?? ""
            self.lines.withLock { $0.append("\(event.level) \(event.message) \(metadata)") }
        }
    }

    private static func everything(of error: FreshetError?) -> String {
        "\(error.map { "\($0) \($0.message) \($0.hint ?? "")" } ?? "")"
    }

    @Test("A log has the method, host and path, status, time, and the names of the fields: no value, no query, no body")
    func logging() async throws {
        let lines = Locked<[String]>([])
        let clock = ManualClock()
        let transport = ScriptedHTTPTransport { _, number throws(FreshetError) in
            clock.jump(by: .milliseconds(12))
            switch number {
            case 1: return try .json(Self.secret)
            case 2: return try .json(["detail": "the token \(Self.secret) is bad"], status: .unauthorized)
            default: throw FreshetError(.unreachable, "no connection")
            }
        }
        let logger = Logger(label: "test") { _ in Recorder(lines: lines) }
        let api = HTTPClient(
            baseURL: "http://api.test",
            middlewares: [LoggingMiddleware(logger, level: .debug, time: TimeSource(clock)), RequestIDMiddleware()],
            transport: transport
        )
        let headers: HTTPFields = [.authorization: "Bearer \(Self.secret)", .requestID: "id-1"]
        _ = try? await api.post(
            "x",
            json: Self.secret,
            query: ["token": Self.secret],
            headers: headers,
            as: String.self
        )
        _ = try? await api.get("y", headers: headers, as: String.self)
        _ = try? await api.get("z", headers: headers, as: String.self)
        let logged = lines.withLock { $0 }
        #expect(logged.count == 3)
        #expect(!logged.joined().contains(Self.secret))
        #expect(logged[0].hasPrefix("debug POST api.test/x: 200") && logged[0].contains("12"))
        #expect(logged[0].contains("Authorization") && logged[0].contains("id-1"))
        #expect(logged[1].hasPrefix("warning GET api.test/y: 401"))
        #expect(logged[2].hasPrefix("warning GET api.test/z: no connection"))
    }

    @Test("A configuration tells the names of its header fields only")
    func configuration() {
        var configuration = HTTPConfiguration()
        configuration.headers = [.authorization: "Bearer \(Self.secret)"]
        configuration.proxy = .proxy(.init(host: "h", port: 1, user: "u", password: Self.secret))
        configuration.tls.identity = .init(certificate: .text(Self.secret), key: .text(Self.secret))
        #expect("\(configuration)".contains("Authorization"))
        #expect(!"\(configuration)".contains(Self.secret))
    }

    @Test(
        "An error does not repeat what the server repeats of our header fields or our query",
        arguments: [
            #"{"detail": "bad token hunter2-s3cr3t"}"#, #"{"title": "hunter2-s3cr3t", "detail": "no"}"#,
            #"{"message": "h\u0075nter2-s3cr3t"}"#, #"{"error": {"message": "got hunter2-\u0000s3cr3t"}}"#,
        ]
    )
    func echo(_ body: String) async throws {
        let transport = ScriptedHTTPTransport { _, _ throws(FreshetError) in
            HTTPReply(HTTPResponse(status: .badRequest), body: HTTPBody(Array(body.utf8)))
        }
        let api = HTTPClient(baseURL: "http://api.test", middlewares: [], transport: transport)
        for (headers, query) in [
            ([.authorization: "Bearer \(Self.secret)"], [:]), ([.cookie: Self.secret], [:]),
            ([:], ["token": Self.secret]), ([:], ["token": "\(Self.secret) "]),
        ] as [(HTTPFields, HTTPQuery)] {
            let error = await #expect(throws: FreshetError.self) {
                _ = try await api.get("x", query: query, headers: headers, as: Int.self)
            }
            #expect(error?.kind == .rejected(status: 400))
            #expect(!Self.everything(of: error).contains(Self.secret), "\(Self.everything(of: error))")
        }
        // Who sent nothing that it could be reads it.
        let error = await #expect(throws: FreshetError.self) { _ = try await api.get("x", as: Int.self) }
        #expect(error?.message.hasPrefix("GET api.test/x was answered with HTTP 400: ") == true)
    }

    @Test("No error of a call tells the query or a header field")
    func errors() async throws {
        let server = try RawHTTPServer { _, number in number % 2 == 1 ? .last("nonsense\r\n\r\n") : .last("") }
        defer { server.stop() }
        let port = try FullListener().port  // nobody's as soon as it is gone
        for url in [server.url, server.url, "http://127.0.0.1:\(port)", "http://\(Self.secret)@127.0.0.1"] {
            let api = HTTPClient(baseURL: url, middlewares: [])
            let error = await #expect(throws: FreshetError.self) {
                _ = try await api.get(
                    "x",
                    query: ["token": Self.secret],
                    headers: [.authorization: Self.secret],
                    as: Int.self
                )
            }
            #expect(!Self.everything(of: error).contains(Self.secret), "\(Self.everything(of: error))")
        }
    }

    @Test("A value of another shape is not quoted")
    func decoding() async throws {
        let transport = ScriptedHTTPTransport { _, _ throws(FreshetError) in try .json(["n": Self.secret]) }
        let api = HTTPClient(baseURL: "http://api.test", transport: transport)
        let error = await #expect(throws: FreshetError.self) { _ = try await api.get("x", as: [String: Int].self) }
        #expect(error?.kind == .decoding)
        #expect(!Self.everything(of: error).contains(Self.secret))
        #expect(error?.message.contains("n is not Int") == true)
    }
}
