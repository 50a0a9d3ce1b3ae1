// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetTestSupport
import Testing

/// `freshet get`, as a person or a script runs it.
@Suite(.timeLimit(.minutes(1)))
struct GetTests {
    @Test("An answer is printed as it came, its tag goes to stderr")
    func raw() async throws {
        let server = try RawHTTPServer { _, _ in
            RawHTTPServer.answer("200 OK", "ETag: \"7\"\r\n", body: #"{"price": 1.10}"#)
        }
        defer { server.stop() }
        let result = try await Program.freshet("get", "\(server.url)/items/1?secret=1").result()
        #expect(result.status == 0)
        #expect(result.output == [#"{"price": 1.10}"#])
        #expect(result.errors == ["etag: \"7\""])
        #expect(server.requests.first?.path == "/items/1?secret=1")
    }

    @Test("-o json is indented, -o jsonl is one line that describes itself; numbers keep their digits")
    func formats() async throws {
        let server = try RawHTTPServer { _, _ in
            RawHTTPServer.answer("200 OK", "ETag: \"7\"\r\n", body: #"{"price": 1.10}"#)
        }
        defer { server.stop() }
        let json = try await Program.freshet("get", server.url, "-o", "json").result()
        #expect(json.output == ["{", "  \"price\": 1.10", "}"])
        let line = try await Program.freshet("get", "\(server.url)/x?token=1", "-o", "jsonl").result()
        let text = try #require(line.output.first)
        #expect(text.hasPrefix(#"{"v":1,"kind":"data","ts":""#))
        #expect(text.hasSuffix(#""src":"\#(server.url)/x","version":"\"7\"","data":{"price":1.10}}"#))
    }

    @Test("--etag prints nothing and exits with 8 where nothing is newer")
    func notModified() async throws {
        let server = try RawHTTPServer { request, _ in
            request.header("if-none-match") == "\"7\""
                ? .bytes("HTTP/1.1 304 Not Modified\r\nETag: \"7\"\r\n\r\n") : RawHTTPServer.answer(body: "1")
        }
        defer { server.stop() }
        let result = try await Program.freshet("get", server.url, "--etag", "\"7\"").result()
        #expect(result.status == 8)
        #expect(result.output.isEmpty)
        #expect(result.errors == ["freshet: not modified"])
    }

    @Test(
        "What a status means is the exit code, and one line says what the server said",
        arguments: [(401, 4), (403, 4), (404, 2), (422, 2), (500, 3)]
    )
    func statuses(_ status: Int, _ code: Int32) async throws {
        let server = try RawHTTPServer { _, _ in
            RawHTTPServer.answer("\(status) X", body: #"{"title":"Sorry","detail":"not today"}"#)
        }
        defer { server.stop() }
        let result = try await Program.freshet("get", "\(server.url)/x", "--token", "s3cret-token").result()
        #expect(result.status == code)
        #expect(result.output.isEmpty)
        let line = try #require(result.errors.first)
        let told = "GET 127.0.0.1:\(server.port)/x was answered with HTTP \(status): Sorry: not today"
        #expect(line.contains(told))
        #expect(result.errors.count == 1)
        #expect(!line.contains("s3cret"))
        #expect(server.requests.first?.header("authorization") == "Bearer s3cret-token")
    }

    @Test("A GraphQL query prints its data, and exits with 2 where there are errors")
    func graphQL() async throws {
        let server = try RawHTTPServer { request, _ in
            RawHTTPServer.answer(
                body: request.body.contains("bad")
                    ? #"{"data":null,"errors":[{"message":"no"}]}"# : #"{"data":{"n":1.0}}"#
            )
        }
        defer { server.stop() }
        let good = try await Program.freshet("get", server.url, "-q", "query($a: Int) { n }", "--var-json", "a=5")
            .result()
        #expect(good.status == 0)
        #expect(good.output == ["{", "  \"n\": 1.0", "}"])
        #expect(server.requests.first?.body.contains(#""variables":{"a":5}"#) == true)
        let bad = try await Program.freshet("get", server.url, "-q", "{ bad }").result()
        #expect(bad.status == 2)
    }

    @Test("What cannot be is a usage error; nobody there is exit code 3")
    func wrong() async throws {
        let both = try await Program.freshet("get", "http://127.0.0.1:1/", "-q", "{ n }", "--etag", "x").result()
        #expect(both.status == 64)
        let scheme = try await Program.freshet("get", "gopher://x/").result()
        #expect(scheme.status == 64)
        #expect(scheme.errors.first?.hasPrefix("freshet: there is no HTTP by the scheme gopher:") == true)
        let nobody = try await Program.freshet("get", "http://127.0.0.1:1/").result()
        #expect(nobody.status == 3)
        #expect(nobody.errors.first?.contains("connection refused") == true)
    }
}
