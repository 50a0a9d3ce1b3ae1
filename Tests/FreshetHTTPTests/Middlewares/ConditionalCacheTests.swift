// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP
import FreshetTestSupport
import HTTPTypes
import Testing

@Suite struct ConditionalCacheTests {
    /// A server with one version of each path: 304 to who knows it.
    private static func server(_ headers: HTTPFields = [:], body: String = #""text""#) -> ScriptedHTTPTransport {
        ScriptedHTTPTransport { call, _ throws(FreshetError) in
            var headers = headers
            headers[.eTag] = "\"\(call.request.path ?? "")\""
            headers[.contentType] = "application/json"
            if call.request.headerFields[.ifNoneMatch] == headers[.eTag] {
                return .status(.notModified, headers: [.eTag: headers[.eTag] ?? "", .contentLength: "0", .age: "9"])
            }
            return HTTPReply(HTTPResponse(status: .ok, headerFields: headers), body: HTTPBody(Array(body.utf8)))
        }
    }

    private static func client(_ transport: ScriptedHTTPTransport, limit: Int = 1 << 20) -> HTTPClient {
        HTTPClient(
            baseURL: "http://api.test",
            middlewares: [ConditionalCacheMiddleware(limit: limit)],
            transport: transport
        )
    }

    private static func conditions(_ transport: ScriptedHTTPTransport) -> [String?] {
        transport.calls.map { $0.request.headerFields[.ifNoneMatch] }
    }

    @Test("The second time it is only asked whether it has changed, and what was kept is the answer")
    func notModified() async throws {
        let transport = Self.server()
        let api = Self.client(transport)
        #expect(try await api.get("a", as: String.self) == "text")
        let reply = try await api.reply(to: .get, "a", headers: [.accept: "application/json"])
        #expect(reply.response.status == .ok)
        #expect(reply.body.bytes?.text == #""text""#)
        #expect(reply.response.headerFields[.contentType] == "application/json")
        // News about what is kept, but not about a body that a 304 has not.
        #expect(reply.response.headerFields[.age] == "9")
        #expect(reply.response.headerFields[.contentLength] == nil)
        #expect(Self.conditions(transport) == [nil, "\"/a\""])
    }

    @Test("Without an entity tag the date counts")
    func lastModified() async throws {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT"
        let transport = ScriptedHTTPTransport { call, _ throws(FreshetError) in
            call.request.headerFields[.ifModifiedSince] == date
                ? .status(.notModified) : try .json(1, headers: [.lastModified: date])
        }
        let api = Self.client(transport)
        for _ in 1...2 { #expect(try await api.get("a", as: Int.self) == 1) }
    }

    @Test("What changed replaces what was kept")
    func changed() async throws {
        let transport = ScriptedHTTPTransport { _, number throws(FreshetError) in
            try .json(number, headers: [.eTag: "\"\(number)\""])
        }
        let api = Self.client(transport)
        for number in 1...3 { #expect(try await api.get("a", as: Int.self) == number) }
        #expect(Self.conditions(transport) == [nil, "\"1\"", "\"2\""])
    }

    @Test(
        "What one caller has got is not kept for another",
        arguments: [HTTPField.Name.authorization, .cookie, HTTPField.Name("X-Api-Key")!, .acceptLanguage]
    )
    func othersAsk(_ name: HTTPField.Name) async throws {
        let transport = Self.server()
        let api = Self.client(transport)
        for value in ["one", "two", "one"] { _ = try await api.get("a", headers: [name: value], as: String.self) }
        #expect(Self.conditions(transport) == [nil, nil, "\"/a\""])
    }

    @Test("The name of a call makes no other answer of it")
    func requestID() async throws {
        let transport = Self.server()
        let api = Self.client(transport)
        for value in ["one", "two"] { _ = try await api.get("a", headers: [.requestID: value], as: String.self) }
        #expect(Self.conditions(transport) == [nil, "\"/a\""])
    }

    @Test("What was not used for the longest time goes first, and many small answers are not kept for ever")
    func bounded() async throws {
        let transport = Self.server(body: "\"\(String(repeating: "x", count: 1000))\"")
        let api = Self.client(transport, limit: 2500)
        for path in ["a", "b", "a", "c", "a", "b"] { _ = try await api.get(path, as: String.self) }
        #expect(Self.conditions(transport) == [nil, nil, "\"/a\"", nil, "\"/a\"", nil])
        let empty = Self.server(body: "1")
        let small = Self.client(empty, limit: 1000)
        for number in 1...100 { _ = try await small.get("\(number)", as: Int.self) }
        _ = try await small.get("1", as: Int.self)
        #expect(Self.conditions(empty).last == .some(nil))
    }

    @Test("One that is larger than all that is kept is not kept, and the others stay")
    func tooLarge() async throws {
        let transport = ScriptedHTTPTransport { call, _ throws(FreshetError) in
            try .json(
                String(repeating: "x", count: call.request.path == "/large" ? 5000 : 10),
                headers: [.eTag: "\"1\""]
            )
        }
        let api = Self.client(transport, limit: 2000)
        for path in ["small", "large", "large", "small"] { _ = try await api.get(path, as: String.self) }
        #expect(Self.conditions(transport) == [nil, nil, nil, "\"1\""])
    }

    @Test(
        "What is not to be kept is not",
        arguments: [
            [.cacheControl: "private, no-store"], [.vary: "*"],
        ] as [HTTPFields]
    )
    func noStore(_ headers: HTTPFields) async throws {
        let transport = Self.server(headers)
        let api = Self.client(transport)
        for _ in 1...2 { _ = try await api.get("a", as: String.self) }
        #expect(Self.conditions(transport) == [nil, nil])
    }

    @Test("A caller's own condition is the caller's: the 304 comes through, and nothing is changed")
    func ownCondition() async throws {
        let transport = Self.server()
        let api = Self.client(transport)
        _ = try await api.get("a", as: String.self)
        let call = try api.call(.get, "a", headers: [.ifNoneMatch: "\"/a\""])
        #expect(try await api.send(call).response.status == .notModified)
        let error = await #expect(throws: FreshetError.self) {
            _ = try await api.get("a", headers: [.ifNoneMatch: "\"/a\""], as: String.self)
        }
        #expect(error?.kind == .rejected(status: 304))
    }

    @Test("Only GET, only whole answers, only 200")
    func others() async throws {
        let transport = Self.server()
        let api = Self.client(transport)
        _ = try await api.get("a", as: String.self)
        _ = try await api.reply(to: .head, "a")
        _ = try await api.post("a", json: 1, as: String.self)
        _ = try await api.stream(.get, "a").body.collect()
        #expect(Self.conditions(transport) == [nil, nil, nil, nil])
        let partial = ScriptedHTTPTransport { _, _ throws(FreshetError) in
            try .json(1, status: .partialContent, headers: [.eTag: "\"1\""])
        }
        let other = Self.client(partial)
        for _ in 1...2 { _ = try await other.get("a", as: Int.self) }
        #expect(Self.conditions(partial) == [nil, nil])
    }
}
