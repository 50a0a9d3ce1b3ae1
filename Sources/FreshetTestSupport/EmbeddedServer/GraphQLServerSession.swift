// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetGraphQL

/// One client's `graphql-transport-ws` session, as the server sees it: a value, texts in, actions out.
struct GraphQLServerSession {
    enum Action {
        case send(String)
        /// Say that the connection is welcome, if it is.
        case acknowledge(token: String?)
        case start(id: String, EmbeddedPlan)
        case stop(id: String)
        case close(code: UInt16, reason: String)
    }

    private struct Message: Decodable {
        struct Payload: Decodable {
            var query: String?
            var variables: [String: JSONValue]?
            var token: String?
        }

        var id: String?
        var type: String
        var payload: Payload?
    }

    private var initialised = false
    private var running: Set<String> = []

    mutating func received(_ text: Bytes) -> [Action] {
        let message: Message
        do {
            message = try text.withBytes { try JSONDecoder().decode(Message.self, from: Data($0)) }
        } catch {
            return [.close(code: 4400, reason: "Invalid message")]
        }
        switch message.type {
        case "connection_init":
            guard !self.initialised else { return [.close(code: 4429, reason: "Too many initialisation requests")] }
            self.initialised = true
            return [.acknowledge(token: message.payload?.token)]
        case "ping":
            return [.send(#"{"type":"pong"}"#)]
        case "pong":
            return []
        case "subscribe":
            return self.subscribe(message)
        case "complete":
            return message.id.flatMap { self.running.remove($0) }.map { [.stop(id: $0)] } ?? []
        default:
            return [.close(code: 4400, reason: "Unknown message type")]
        }
    }

    /// The subscription has produced its last value.
    mutating func finished(_ id: String) -> [Action] {
        self.running.remove(id)
        return [.send(#"{"id":"\#(id)","type":"complete"}"#)]
    }

    /// The subscription was not begun after all.
    mutating func refused(_ id: String) { self.running.remove(id) }

    private mutating func subscribe(_ message: Message) -> [Action] {
        guard self.initialised else { return [.close(code: 4401, reason: "Unauthorized")] }
        guard let id = message.id, !id.isEmpty, id.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C }) else {
            return [.close(code: 4400, reason: "Invalid id")]
        }
        guard !self.running.contains(id) else {
            return [.close(code: 4409, reason: "Subscriber for \(id) already exists")]
        }
        do throws(GraphQLDocument.Failure) {
            let document = try GraphQLDocument(message.payload?.query ?? "")
            let plan = try EmbeddedSchema.plan(document, variables: message.payload?.variables ?? [:])
            self.running.insert(id)
            return [.start(id: id, plan)]
        } catch {
            return [Self.error(id, error.message, error.line, error.column)]
        }
    }

    private static func error(_ id: String, _ message: String, _ line: Int, _ column: Int) -> Action {
        let text = message.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return .send(
            #"{"id":"\#(id)","type":"error","payload":[{"message":"\#(text)","#
                + #""locations":[{"line":\#(line),"column":\#(column)}]}]}"#
        )
    }
}
