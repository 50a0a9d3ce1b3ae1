// SPDX-License-Identifier: Apache-2.0

package import Freshet
package import FreshetCore
package import FreshetTransport
import FoundationEssentials

/// The `graphql-transport-ws` protocol, as a client: what to say, and what the server's messages mean.
///
/// Rules by number are those of the protocol's reference client: S1 words about unknown operations are ignored, S2 the
/// first message but pings is the acknowledgement, S4 no parameters means no payload, S6 what a valid message is.
package struct GraphQLTransportWS: FeedSource {
    package static let subprotocol = "graphql-transport-ws"

    private let parameters: JSONValue?
    private var acknowledged = false

    package init(parameters: JSONValue?) {
        self.parameters = parameters
    }

    package var subprotocols: [String] { [Self.subprotocol] }

    package mutating func opened(subprotocol: String?) throws(SourceViolation) -> [WebSocketMessage] {
        guard subprotocol == Self.subprotocol else {
            throw SourceViolation(
                close: CloseFrame(code: 1002, reason: "subprotocol \(Self.subprotocol) is needed"),
                error: FreshetError(
                    .protocolViolation,
                    "the server did not choose the subprotocol \(Self.subprotocol)",
                    hint: "check that the URL is a GraphQL endpoint; old servers speak only the legacy graphql-ws"
                )
            )
        }
        return [Self.message(Outgoing(type: "connection_init", payload: self.parameters.map { .json($0) }))]
    }

    package func subscribe(_ id: SubscriptionTable.ID, to request: GraphQLRequest) -> WebSocketMessage {
        Self.message(Outgoing(id: String(id), type: "subscribe", payload: .request(request)))
    }

    package func unsubscribe(_ id: SubscriptionTable.ID) -> WebSocketMessage {
        Self.message(Outgoing(id: String(id), type: "complete"))
    }

    package mutating func receive(_ message: WebSocketMessage) throws(SourceViolation) -> SourceEvent {
        let envelope: GraphQLEnvelope
        do throws(JSONScanner.Failure) {
            envelope = try GraphQLEnvelope(message.payload)
        } catch {
            throw Self.violation("a message that is not a JSON object")
        }
        guard let type = envelope.type else { throw Self.violation("a message without a known type") }
        guard self.acknowledged || [.connectionAck, .ping, .pong].contains(type) else {
            throw Self.violation("\(type.rawValue) before the acknowledgement")
        }
        switch type {
        case .connectionAck:
            guard !self.acknowledged else { return .nothing(note: "a second connection_ack was ignored") }
            self.acknowledged = true
            return .ready
        case .ping:
            return .reply(Self.pong(answering: envelope.payload))
        case .pong:
            return .nothing(note: nil)
        case .next, .error, .complete:
            return try self.operation(type, envelope)
        }
    }

    private func operation(_ type: GraphQLEnvelope.MessageType, _ envelope: GraphQLEnvelope) throws(SourceViolation)
        -> SourceEvent
    {
        guard let idText = envelope.id, idText.count > 0 else {
            throw Self.violation("a message of type \(type.rawValue) without an id")
        }
        // Our ids are numbers, so one that is not was never ours (S1).
        guard let id = SubscriptionTable.ID(idText.text), String(id) == idText.text else {
            return .nothing(note: "\(type.rawValue) for the unknown operation \(idText.text.prefix(40)) was ignored")
        }
        switch type {
        case .complete:
            return .completed(id)
        case .error:
            let payload = envelope.payload?.array ?? Array("[]".utf8)
            let messages = GraphQLError.list(from: payload).map(\.message)
            let text = messages.isEmpty ? "no reason given" : messages.joined(separator: "; ")
            return .failed(
                id,
                FreshetError(
                    .operationFailed(payload: payload),
                    "the server refused the operation: \(text)",
                    hint: "check the document and its variables against the server's schema"
                )
            )
        default:
            guard let payload = envelope.payload, payload.count > 0, payload[0] == UInt8(ascii: "{") else {
                throw Self.violation("next without an object as its payload")
            }
            return .update(id, payload)
        }
    }

    // MARK: - Making messages

    private struct Outgoing: Encodable {
        enum Payload: Encodable {
            case json(JSONValue)
            case request(GraphQLRequest)

            func encode(to encoder: any Encoder) throws {
                switch self {
                case .json(let value): try value.encode(to: encoder)
                case .request(let request): try request.encode(to: encoder)
                }
            }
        }

        var id: String?
        var type: String
        var payload: Payload?
    }

    private static func message(_ outgoing: Outgoing) -> WebSocketMessage {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Only a number that JSON does not have can fail, and GraphQLClient refuses those.
        let data = (try? encoder.encode(outgoing)) ?? Data()
        return WebSocketMessage(.text, ByteSlice(copying: data))
    }

    /// A pong that echoes the ping's payload as it came.
    private static func pong(answering payload: ByteSlice?) -> WebSocketMessage {
        guard let payload else { return WebSocketMessage(text: #"{"type":"pong"}"#) }
        return WebSocketMessage(text: #"{"type":"pong","payload":\#(payload.text)}"#)
    }

    private static func violation(_ what: String) -> SourceViolation {
        SourceViolation(
            close: CloseFrame(code: 4004, reason: what),
            error: FreshetError(
                .protocolViolation,
                "the server broke graphql-transport-ws: \(what)",
                hint: "check that the URL is a GraphQL endpoint"
            )
        )
    }
}
