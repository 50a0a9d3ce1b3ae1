// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetGraphQL
import FreshetHTTP
import FreshetTestSupport
import Testing

/// Queries and mutations over HTTP, with a script as the server.
@Suite(.timeLimit(.minutes(1)))
struct GraphQLHTTPTests {
    private static func client(
        _ configure: (inout GraphQLClientConfiguration) -> Void = { _ in },
        url: String = "wss://api.test/graphql?v=1",
        answer: @escaping ScriptedHTTPTransport.Answer
    ) -> (GraphQLClient, ScriptedHTTPTransport) {
        let transport = ScriptedHTTPTransport(answer)
        var configuration = GraphQLClientConfiguration()
        configuration.http.transport = transport
        configuration.http.middlewares = [
            RetryMiddleware(RetryPolicy(), time: TimeSource(ManualClock(), jitter: { 0 }))
        ]
        configure(&configuration)
        return (GraphQLClient(url: url, configuration: configuration), transport)
    }

    private static func sent(_ call: HTTPCall) throws -> JSONValue {
        let bytes = try #require(call.body?.bytes)
        return try JSONDecoder().decode(JSONValue.self, from: Data(bytes.array))
    }

    private static func json(_ text: String, _ status: HTTPResponse.Status = .ok) -> HTTPReply {
        HTTPReply(HTTPResponse(status: status), body: HTTPBody(Array(text.utf8)))
    }

    @Test("A query goes as JSON to where the WebSocket is, with its header fields")
    func query() async throws {
        let (client, transport) = Self.client {
            $0.webSocket.headers = [HTTPHeader("Authorization", "Bearer x")]
        } answer: { _, _ in
            Self.json(#"{"data":{"user":{"name":"Ada"}}}"#)
        }
        struct User: Decodable, Equatable { var name: String }
        let user = try await client.query(
            User.self,
            "query U($id: ID!) { user(id: $id) { name } }",
            variables: ["id": "1"],
            operationName: "U"
        )
        #expect(user == User(name: "Ada"))
        let call = try #require(transport.calls.first)
        #expect(call.request.method == .post)
        #expect(call.request.scheme == "https")
        #expect(call.request.authority == "api.test")
        #expect(call.request.path == "/graphql?v=1")
        #expect(call.request.headerFields[.authorization] == "Bearer x")
        let expected: JSONValue = [
            "query": "query U($id: ID!) { user(id: $id) { name } }", "operationName": "U", "variables": ["id": "1"],
        ]
        #expect(try Self.sent(call) == expected)
    }

    @Test("Errors in the answer are the operation's failure, whatever the status", arguments: [200, 400, 422])
    func errors(_ status: Int) async throws {
        let (client, _) = Self.client { _, _ in
            Self.json(#"{"data":null,"errors":[{"message":"no such field"}]}"#, .init(code: status))
        }
        let error = await #expect(throws: FreshetError.self) { _ = try await client.query(Int.self, "{ n }") }
        #expect(error?.graphQLErrors?.map(\.message) == ["no such field"])
    }

    @Test(
        "A status without GraphQL's errors is what it means",
        arguments: [
            (401, FreshetError.Kind.unauthorized), (403, .forbidden), (404, .notFound), (502, .server(status: 502)),
        ]
    )
    func statuses(_ status: Int, _ kind: FreshetError.Kind) async throws {
        let (client, _) = Self.client({ $0.http.middlewares = [] }) { _, _ in
            Self.json("<html>", .init(code: status))
        }
        let error = await #expect(throws: FreshetError.self) { _ = try await client.query(Int.self, "{ n }") }
        #expect(error?.kind == kind)
    }

    @Test("A query is asked again after 503, a mutation that may have been executed never")
    func retrying() async throws {
        let (client, transport) = Self.client { _, number in
            number == 1 ? .status(.serviceUnavailable) : Self.json(#"{"data":{"n":2}}"#)
        }
        #expect(try await client.query(Int.self, "{ n }") == 2)
        #expect(transport.calls.count == 2)
        let (other, once) = Self.client { _, number in
            number == 1 ? .status(.serviceUnavailable) : Self.json(#"{"data":{"n":2}}"#)
        }
        let error = await #expect(throws: FreshetError.self) { _ = try await other.mutate(Int.self, "mutation { n }") }
        #expect(error?.kind == .server(status: 503))
        #expect(once.calls.count == 1)
    }

    @Test("A persisted query is sent as its hash, and as a whole only where the server does not know it")
    func persistedQueries() async throws {
        let (client, transport) = Self.client({ $0.http.persistsQueries = true }) { _, number in
            number == 1
                ? Self.json(#"{"errors":[{"message":"PersistedQueryNotFound"}]}"#) : Self.json(#"{"data":{"n":1}}"#)
        }
        #expect(try await client.query(Int.self, "{ n }") == 1)
        #expect(try await client.query(Int.self, "{ n }") == 1)
        let bodies = try transport.calls.map { try Self.sent($0) }
        let hash: JSONValue = [
            "persistedQuery": [
                "version": 1, "sha256Hash": "b7df66c204bb8b732173570184727586fa102dd91bd3e830e018c72f34a1104d",
            ]
        ]
        #expect(bodies.count == 3)
        for (place, body) in bodies.enumerated() {
            guard case .object(let members) = body else { return #expect(Bool(false), "no object") }
            #expect(members["extensions"] == hash)
            #expect(members["query"] == (place == 1 ? "{ n }" : nil))
        }
    }

    @Test(
        "A server without persisted queries gets the document alone, and no hash any more",
        arguments: [
            #"{"message":"PersistedQueryNotSupported"}"#,
            #"{"message":"no","extensions":{"code":"PERSISTED_QUERY_NOT_SUPPORTED"}}"#,
        ],
        [200, 400]
    )
    func persistedQueriesNotSupported(_ error: String, _ status: Int) async throws {
        let (client, transport) = Self.client({ $0.http.persistsQueries = true }) { call, _ in
            call.body?.bytes?.text.contains("persistedQuery") == true
                ? Self.json(#"{"errors":[\#(error)]}"#, .init(code: status)) : Self.json(#"{"data":{"n":1}}"#)
        }
        #expect(try await client.query(Int.self, "{ n }") == 1)
        #expect(transport.calls.count == 2)
        #expect(try await client.query(Int.self, "{ n }") == 1)
        #expect(transport.calls.count == 3)
        let document: JSONValue = ["query": "{ n }"]
        for call in transport.calls.dropFirst() { #expect(try Self.sent(call) == document) }
    }

    @Test("Queries that come together are one request, each gets its own result, and mutations go alone")
    func batching() async throws {
        let (client, transport) = Self.client({
            $0.http.batching = GraphQLBatching(interval: .seconds(60), limit: 3)
        }) { call, _ in
            let isBatch = call.body?.bytes?[0] == UInt8(ascii: "[")
            return Self.json(
                isBatch ? #"[{"data":{"n":1}},{"data":{"n":2}}, {"errors":[{"message":"no"}]}]"# : #"{"data":{"n":4}}"#
            )
        }
        #expect(try await client.mutate(Int.self, "mutation { n }") == 4)
        let results = await withTaskGroup(of: Int.self) { group in
            for number in 1...3 {
                group.addTask {
                    (try? await client.query(Int.self, "{ n }", variables: ["i": .integer(Int64(number))])) ?? -1
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.sorted() == [-1, 1, 2])
        #expect(transport.calls.count == 2)
    }

    @Test("Cancelling takes a query of a batch back at once, and does not disturb the others")
    func cancelledInBatch() async throws {
        let (arrived, gate) = (Gate(), Gate())
        let (client, transport) = Self.client({
            $0.http.batching = GraphQLBatching(interval: .seconds(60), limit: 2)
        }) { _, _ in
            arrived.open()
            await gate.wait()
            return Self.json(#"[{"data":{"n":1}},{"data":{"n":1}}]"#)
        }
        func query() -> Task<Int, any Error> { Task { try await client.query(Int.self, "{ n }") } }
        func cancelled(_ task: Task<Int, any Error>) async -> FreshetError? {
            task.cancel()
            return await #expect(throws: FreshetError.self) { _ = try await task.value }
        }
        // What is not sent yet is not sent at all: the batch that follows has the two after it.
        #expect(await cancelled(query())?.kind == .cancelled)
        let (one, other) = (query(), query())
        await arrived.wait()
        #expect(await cancelled(one)?.kind == .cancelled)
        gate.open()
        #expect(try await other.value == 1)
        #expect(transport.calls.count == 1)
    }

    @Test("A mutation that was redirected to a GET is not sent again when that is refused")
    func redirectedMutation() async throws {
        let (client, transport) = Self.client {
            $0.credentials = { _ in .bearer("t", lifetime: .seconds(100)) }
        } answer: { call, _ in
            call.request.method == .get ? .status(.unauthorized) : .status(.seeOther, headers: [.location: "/done"])
        }
        let error = await #expect(throws: FreshetError.self) { _ = try await client.mutate(Int.self, "mutation { n }") }
        #expect(error?.kind == .unauthorized)
        #expect(transport.calls.map(\.request.method) == [.post, .get])
    }

    @Test("Credentials come from the provider, once for many calls, and after a 401 others are asked for, once")
    func credentials() async throws {
        let reasons = Locked<[Credentials.Reason]>([])
        let (client, transport) = Self.client {
            $0.credentials = { reason in
                reasons.withLock { $0.append(reason) }
                return .bearer(reason == .refused ? "new" : "old", lifetime: .seconds(100))
            }
        } answer: { call, _ in
            call.request.headerFields[.authorization] == "Bearer new"
                ? Self.json(#"{"data":{"n":1}}"#) : .status(.unauthorized)
        }
        for _ in 1...3 { #expect(try await client.query(Int.self, "{ n }") == 1) }
        #expect(reasons.withLock { $0 } == [.connecting, .refused])
        #expect(transport.calls.count == 4)
    }
}
