// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTransport
import Testing

/// The rules of graphql-transport-ws; B and S with a number are rules of its reference client, in the order of its tests.
struct GraphQLSourceTests {
    private func ready(_ parameters: JSONValue? = nil) throws -> GraphQLSource {
        var source = GraphQLSource(parameters: parameters, dialects: [.transportWS])
        _ = try source.opened(subprotocol: "graphql-transport-ws", credentials: nil)
        guard case .ready = try source.receive(WebSocketMessage(text: #"{"type":"connection_ack"}"#)) else {
            Issue.record("the acknowledgement was not understood")
            return source
        }
        return source
    }

    private func text(_ event: SourceEvent) -> String {
        switch event {
        case .ready: "ready"
        case .update(let id, let payload): "update \(id) \(payload.text)"
        case .failed(let id, let error): "failed \(id) \(error.message)"
        case .completed(let id): "completed \(id)"
        case .reply(let message): "reply \(message.payload.text)"
        case .nothing(let note): "nothing \(note ?? "")"
        case .answered: "answered"
        case .unreadable(let id, _): "unreadable \(id)"
        case .confirmed(let id): "confirmed \(id)"
        case .interrupted(let id, let error, _): "interrupted \(id) \(error.message)"
        case .speaksEvery(let longest): "speaks every \(longest)"
        case .refused(let error): "refused \(error.message)"
        case .several(let events): "several \(events.count)"
        case .snapshot(let id, _), .progress(let id, _), .historyLost(let id, _, _), .speaks(let id, _):
            "none of GraphQL's: \(id)"
        }
    }

    @Test("S4 Without parameters the payload is absent, with them it is there")
    func connectionInit() throws {
        var without = GraphQLSource(dialects: [.transportWS])
        #expect(
            try without.opened(subprotocol: "graphql-transport-ws", credentials: nil).map(\.payload.text) == [
                #"{"type":"connection_init"}"#
            ]
        )
        var with = GraphQLSource(parameters: ["token": "t"], dialects: [.transportWS])
        let messages = try with.opened(subprotocol: "graphql-transport-ws", credentials: nil).map(\.payload.text)
        #expect(messages == [#"{"payload":{"token":"t"},"type":"connection_init"}"#])
    }

    @Test("Another subprotocol, or none, is refused", arguments: [nil, "graphql-ws"])
    func subprotocol(_ chosen: String?) {
        var source = GraphQLSource(dialects: [.transportWS])
        #expect(throws: SourceViolation.self) { try source.opened(subprotocol: chosen, credentials: nil) }
    }

    @Test("B28 Variables and the operation's name are absent where there are none")
    func subscribe() throws {
        let source = try self.ready()
        let plain = source.subscribe(7, to: GraphQLRequest(query: "subscription { a }"), from: nil)
        #expect(plain.payload.text == #"{"id":"7","payload":{"query":"subscription { a }"},"type":"subscribe"}"#)
        let full = GraphQLRequest(query: "q", operationName: "N", variables: ["big": .integer(.max)])
        #expect(
            source.subscribe(8, to: full, from: nil).payload.text
                == #"{"id":"8","payload":{"operationName":"N","query":"q","variables":{"big":9223372036854775807}},"type":"subscribe"}"#
        )
        #expect(source.unsubscribe(7)?.payload.text == #"{"id":"7","type":"complete"}"#)
    }

    @Test(
        "Messages mean what the protocol says",
        arguments: [
            (#"{"id":"1","type":"next","payload":{"data":{"a":1}}}"#, #"update 1 {"data":{"a":1}}"#),
            (
                #" { "payload" : {"data":{"type":"error","id":"9"}} , "type" : "next" , "id" : "1" } "#,
                #"update 1 {"data":{"type":"error","id":"9"}}"#
            ),
            (#"{"id":"1","type":"complete"}"#, "completed 1"),
            (
                #"{"id":"1","type":"error","payload":[{"message":"no"},{"message":"never"}]}"#,
                "failed 1 the server refused the operation: no; never"
            ),
            (
                #"{"id":"1","type":"error","payload":{"message":"one object"}}"#,
                "failed 1 the server refused the operation: one object"
            ),
            (
                #"{"id":"1","type":"error","payload":{"errors":[]}}"#,
                "failed 1 the server refused the operation: no reason given"
            ),
            (#"{"type":"ping"}"#, #"reply {"type":"pong"}"#),
            (#"{"type":"ping","payload":{"a":[1, 2]}}"#, #"reply {"type":"pong","payload":{"a":[1, 2]}}"#),
            (#"{"type":"pong"}"#, "answered"),
        ]
    )
    func messages(_ message: String, _ meaning: String) throws {
        var source = try self.ready()
        #expect(self.text(try source.receive(WebSocketMessage(text: message))) == meaning)
    }

    @Test("S1 Words about an operation that was never ours are ignored, with a note")
    func unknownOperation() throws {
        var source = try self.ready()
        let event = try source.receive(WebSocketMessage(text: #"{"id":"abc","type":"next","payload":{}}"#))
        #expect(self.text(event) == "nothing next for the unknown operation abc was ignored")
    }

    @Test(
        "S6 A message that is not valid ends the connection with 4004",
        arguments: [
            "", "[]", "null", "not json", "{", #"{"type":"next""#, #"{"type":5}"#, #"{"type":"other"}"#, "{}",
            #"{"type":"next","payload":{}}"#, #"{"type":"next","id":"","payload":{}}"#, #"{"type":"complete"}"#,
        ]
    )
    func invalid(_ message: String) throws {
        var source = try self.ready()
        let violation = #expect(throws: SourceViolation.self) {
            try source.receive(WebSocketMessage(text: message))
        }
        #expect(violation?.code == 4004)
        #expect(violation?.error.kind == .protocolViolation)
    }

    @Test(
        "D5 A message that is not valid and says which operation it is about ends that one alone",
        arguments: [
            #"{"type":"next","id":"1"}"#, #"{"type":"next","id":"1","payload":[]}"#, #"{"type":"other","id":"1"}"#,
            #"{"id":"1","type":"next","payload":{"#, #"{"id":"1"}"#,
        ]
    )
    func unreadable(_ message: String) throws {
        var source = try self.ready()
        #expect(self.text(try source.receive(WebSocketMessage(text: message))) == "unreadable 1")
    }

    @Test("S2 S3 Before the acknowledgement only pings and pongs are allowed")
    func beforeAcknowledgement() throws {
        var source = GraphQLSource(dialects: [.transportWS])
        _ = try source.opened(subprotocol: "graphql-transport-ws", credentials: nil)
        #expect(self.text(try source.receive(WebSocketMessage(text: #"{"type":"ping"}"#))) == #"reply {"type":"pong"}"#)
        #expect(throws: SourceViolation.self) {
            try source.receive(WebSocketMessage(text: #"{"id":"1","type":"next","payload":{}}"#))
        }
    }
}
