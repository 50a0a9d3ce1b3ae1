// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetHTTP
import FreshetTestSupport
import FreshetTransport
import HTTPTypes
import Testing

@testable import FreshetFirebase

/// What the protocol's messages are over HTTP.
struct RealtimeRESTTests {
    /// What was asked, and what the server would have said.
    private static func exchange(
        _ message: String,
        token: String? = nil,
        _ answer: @escaping ScriptedHTTPTransport.Answer
    ) async throws -> (calls: [String], said: [String]) {
        let transport = ScriptedHTTPTransport(answer)
        var credentials: CredentialProvider?
        if let token { credentials = { _ in .bearer(token) } }
        let rest = try RealtimeREST(
            url: RealtimeURL("http://127.0.0.1:1?ns=demo"),
            webSocket: WebSocketConfiguration(),
            credentials: credentials,
            messageLimit: 1 << 20,
            transport: transport,
            time: TimeSource(ManualClock())
        )
        let said = Locked<[String]>([])
        try await rest.exchange(WebSocketMessage(text: message)) { line in said.withLock { $0.append(line.text) } }
        let calls = transport.calls.map { call in
            let authorization = call.request.headerFields[.authorization].map { " \($0)" } ?? ""
            return "\(call.request.method) \(call.request.path ?? "")\(authorization)"
        }
        return (calls, said.withLock { $0 })
    }

    private static let get = #"{"t":"d","d":{"r":3,"a":"g","b":{"p":"/a b","q":{"i":"n","l":2,"vf":"l"}}}}"#

    @Test("A read is a GET with priorities, of what the query is about")
    func read() async throws {
        let (calls, said) = try await Self.exchange(Self.get) { _, _ throws(FreshetError) in try .json(["x": 1]) }
        #expect(calls == ["GET /a%20b.json?orderBy=%22n%22&limitToFirst=2&format=export&ns=demo"])
        #expect(said == [#"{"t":"d","d":{"r":3,"b":{"s":"ok","d":{"x":1}}}}"#])
    }

    @Test("A user's token goes into the query, another one into a header; a refused one is replaced once")
    func tokens() async throws {
        let user = "eyJhbGciOiJub25lIn0.eyJpYXQiOjF9."
        let mine = try await Self.exchange(Self.get, token: user) { _, _ throws(FreshetError) in try .json(["x": 1]) }
        #expect(mine.calls.first?.hasSuffix("&ns=demo&auth=\(user)") == true)
        let owner = try await Self.exchange(Self.get, token: "owner") { _, number throws(FreshetError) in
            number == 1 ? .status(.unauthorized) : try .json(["x": 1])
        }
        #expect(owner.calls.count == 2)
        #expect(owner.calls.allSatisfy { $0.hasSuffix("&ns=demo Bearer owner") })
    }

    @Test("Rules that deny are told as over the WebSocket, without asking for another token")
    func denied() async throws {
        let denied = try await Self.exchange(Self.get, token: "owner") { _, _ throws(FreshetError) in
            var reply = try HTTPReply.json(["error": "Permission denied"])
            reply.response.status = .unauthorized
            return reply
        }
        #expect(denied.calls.count == 1)
        #expect(denied.said == [#"{"t":"d","d":{"r":3,"b":{"s":"permission_denied","d":"Permission denied"}}}"#])
    }

    @Test("A write on condition is made where the value has the hash, on its entity tag, and nowhere else")
    func condition() async throws {
        let hash = RealtimeNode(1).hash
        let put = #"{"t":"d","d":{"r":4,"a":"p","b":{"p":"/n","d":2,"h":"\#(hash)"}}}"#
        let good = try await Self.exchange(put) { call, _ throws(FreshetError) in
            var reply = HTTPReply(HTTPResponse(status: .ok), body: HTTPBody(Bytes(copying: "1".utf8)))
            if call.request.method == .get { reply.response.headerFields[.eTag] = "tag" }
            return reply
        }
        #expect(good.calls == ["GET /n.json?format=export&ns=demo", "PUT /n.json?ns=demo"])
        #expect(good.said == [#"{"t":"d","d":{"r":4,"b":{"s":"ok","d":{}}}}"#])
        let stale = try await Self.exchange(put) { _, _ throws(FreshetError) in
            var reply = HTTPReply(HTTPResponse(status: .ok), body: HTTPBody(Bytes(copying: "7".utf8)))
            reply.response.headerFields[.eTag] = "tag"
            return reply
        }
        #expect(stale.calls.count == 1)
        #expect(stale.said.first?.contains("datastale") == true)
        let late = try await Self.exchange(put) { call, _ throws(FreshetError) in
            if call.request.method == .put { return .status(.preconditionFailed) }
            var reply = HTTPReply(HTTPResponse(status: .ok), body: HTTPBody(Bytes(copying: "1".utf8)))
            reply.response.headerFields[.eTag] = "tag"
            return reply
        }
        #expect(late.said.first?.contains("datastale") == true)
    }

    @Test("A stream of events is what would have been pushed; its first is answered; cut anywhere, it is what had come")
    func events() async throws {
        let listen = #"{"t":"d","d":{"r":5,"a":"q","b":{"p":"/a","q":{},"t":9,"h":""}}}"#
        let events =
            "event: put\ndata: {\"path\":\"/\",\"data\":{\"é\":1}}\n\nevent: keep-alive\ndata: null\n\n"
            + "event: patch\ndata: {\"path\":\"/b\",\"data\":{\"c\":null}}\n\nevent: cancel\ndata: null\n\n"
        let expected = [
            #"{"t":"d","d":{"a":"d","b":{"p":"/a","d":{"é":1},"t":9}}}"#,
            #"{"t":"d","d":{"r":5,"b":{"s":"ok","d":{}}}}"#,
            #"{"t":"d","d":{"a":"m","b":{"p":"/a/b","d":{"c":null},"t":9}}}"#,
            #"{"t":"d","d":{"a":"c","b":{"p":"/a","t":9}}}"#,
        ]
        let bytes = Array(events.utf8)
        for place in 0...bytes.count {
            let said = try await Self.exchange(listen) { _, _ throws(FreshetError) in
                let (pieces, continuation) = AsyncStream<Bytes>.makeStream()
                continuation.yield(Bytes(copying: bytes[..<place]))
                continuation.yield(Bytes(copying: bytes[place...]))
                continuation.finish()
                let response = HTTPResponse(status: .ok, headerFields: [.contentType: "text/event-stream"])
                return HTTPReply(response, body: HTTPBody(pieces))
            }.said
            #expect(said == expected, "\(place)")
        }
    }

    @Test("A query is read as it was written")
    func query() {
        var query = RealtimeQuery()
        #expect(RealtimeQuery(reading: query.json) == query)
        query.order = .child("a/b")
        query.start = .init("x", isInclusive: false)
        query.end = .init(nil, isInclusive: true)
        query.limit = .init(7, isFromEnd: true)
        #expect(RealtimeQuery(reading: query.json) == query)
    }
}
