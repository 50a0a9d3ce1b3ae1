// SPDX-License-Identifier: Apache-2.0

package import Freshet
package import FreshetCore
package import FreshetTransport

/// GraphQL over WebSocket, as a client: what to say, and what the server's messages mean. In the new protocol, the older one, or
/// AppSync's dialect of that; which one, the subprotocol that the server chose says.
///
/// Rules by number are those of the new protocol's reference client: S1 words about unknown operations are ignored, S2 the
/// first message but pings is the acknowledgement, S4 no parameters means no payload, S6 what a valid message is.
package struct GraphQLSource: FeedSource {
    /// What to offer; the first is preferred.
    private let offered: [GraphQLDialect]
    private let parameters: JSONValue?
    private var dialect = GraphQLDialect.transportWS
    private var authorization = JSONValue.null
    private var acknowledged = false
    /// The older protocol: how long a server that sends `ka` may be silent, and whether it does.
    private var keepAliveWindow = Duration.seconds(30)
    private var hasKeptAlive = false

    /// - Parameters:
    ///   - parameters: the payload of `connection_init`, where the credentials have none.
    ///   - dialects: what to offer.
    package init(parameters: JSONValue? = nil, dialects: [GraphQLDialect] = [.transportWS, .legacy]) {
        self.parameters = parameters
        self.offered = dialects
    }

    package var subprotocols: [String] { self.offered.map(\.subprotocol) }

    package mutating func opened(
        subprotocol: String?,
        credentials: Credentials?
    ) throws(SourceViolation) -> [WebSocketMessage] {
        // Servers that choose none speak the older one, if they speak at all.
        let chosen = subprotocol ?? GraphQLDialect.legacy.subprotocol
        guard let dialect = self.offered.first(where: { $0.subprotocol == chosen }) else {
            let wanted = self.subprotocols.joined(separator: " or ")
            throw SourceViolation(
                code: 1002,
                reason: "subprotocol \(wanted) is needed",
                error: FreshetError(
                    .protocolViolation,
                    "the server did not choose the subprotocol \(wanted)",
                    hint: "check that the URL is a GraphQL endpoint"
                )
            )
        }
        self.dialect = dialect
        let parameters = credentials?.parameters ?? self.parameters
        guard dialect != .appSync else {
            self.authorization = parameters ?? .null
            return [GraphQLMessage(type: "connection_init").encoded]
        }
        return [GraphQLMessage(type: "connection_init", payload: parameters.map { .json($0) }).encoded]
    }

    package func subscribe(
        _ id: SubscriptionID,
        to request: GraphQLRequest,
        from position: Position?
    ) -> WebSocketMessage {
        let request = request.from(position)
        return switch self.dialect {
        case .transportWS: GraphQLMessage(id: String(id), type: "subscribe", payload: .request(request)).encoded
        case .legacy: GraphQLMessage(id: String(id), type: "start", payload: .request(request)).encoded
        case .appSync:
            GraphQLMessage(
                id: String(id),
                type: "start",
                payload: .appSync(request, authorization: self.authorization)
            ).encoded
        }
    }

    package func unsubscribe(_ id: SubscriptionID) -> WebSocketMessage? {
        GraphQLMessage(id: String(id), type: self.dialect == .transportWS ? "complete" : "stop").encoded
    }

    package func ping() -> WebSocketMessage? {
        self.dialect == .transportWS ? WebSocketMessage(text: #"{"type":"ping"}"#) : nil
    }

    package func kind(of request: GraphQLRequest) -> OperationKind { request.kind }

    package func continuity(of request: GraphQLRequest) -> Continuity {
        request.cursorVariable == nil ? .bestEffort : .gapless
    }

    package func mark(of payload: Bytes, in request: GraphQLRequest) -> UpdateMark? { request.mark(of: payload) }

    // MARK: - What the server says

    package mutating func receive(_ message: WebSocketMessage) throws(SourceViolation) -> SourceEvent {
        let envelope = GraphQLEnvelope(message.payload)
        guard envelope.failure == nil else {
            return try self.malformed(envelope, "a message that is not a JSON object")
        }
        guard let type = envelope.type else { return try self.malformed(envelope, "a message without a known type") }
        switch type {
        case .connectionAck:
            guard !self.acknowledged else { return .nothing(note: "a second connection_ack was ignored") }
            self.acknowledged = true
            self.readTimeout(envelope.payload)
            return .ready
        case .connectionError:
            // Of the older protocol; some servers of the new one send it when a token expires.
            return .refused(Self.rejection(envelope.payload))
        case .ping: return .reply(Self.pong(answering: envelope.payload))
        case .pong: return .answered
        case .ka: return self.keptAlive()
        case .next, .data, .error, .complete, .startAck:
            guard self.acknowledged else { throw self.violation("\(type.rawValue) before the acknowledgement") }
            return try self.operation(type, envelope)
        }
    }

    /// Only a server that has sent one is known to go on. Before the acknowledgement it means nothing.
    private mutating func keptAlive() -> SourceEvent {
        guard self.dialect != .transportWS else { return .nothing(note: "a ka of the older protocol was ignored") }
        guard self.acknowledged, !self.hasKeptAlive else { return .nothing(note: nil) }
        self.hasKeptAlive = true
        return .speaksEvery(self.keepAliveWindow)
    }

    /// AppSync says how long it may be silent.
    private mutating func readTimeout(_ payload: Bytes?) {
        guard self.dialect == .appSync, let payload else { return }
        let path = JSONPath("connectionTimeoutMs")
        guard case .integer(let milliseconds)? = path.find(in: payload).flatMap({ JSONValue(scalar: $0) }) else {
            return
        }
        self.keepAliveWindow = .milliseconds(min(max(milliseconds, 1000), 3_600_000))
    }

    private func operation(
        _ type: GraphQLEnvelope.MessageType,
        _ envelope: GraphQLEnvelope
    ) throws(SourceViolation) -> SourceEvent {
        guard let id = Self.id(of: envelope) else { return try self.withoutKnownID(type, envelope) }
        switch type {
        case .complete: return .completed(id)
        case .startAck: return .confirmed(id)
        case .error: return .failed(id, Self.failure(envelope.payload))
        case .next, .data:
            guard let payload = envelope.payload, payload.count > 0, payload[0] == UInt8(ascii: "{") else {
                return .unreadable(id, self.unreadable("\(type.rawValue) without an object as its payload"))
            }
            return .update(id, payload)
        case .connectionAck, .connectionError, .ping, .pong, .ka: return .nothing(note: nil)
        }
    }

    private func withoutKnownID(
        _ type: GraphQLEnvelope.MessageType,
        _ envelope: GraphQLEnvelope
    ) throws(SourceViolation) -> SourceEvent {
        // Our ids are numbers, so one that is not was never ours (S1).
        if let id = envelope.id, id.count > 0 {
            return .nothing(note: "\(type.rawValue) for the unknown operation \(id.text.prefix(40)) was ignored")
        }
        // Servers of the older protocol say so of a message that they do not understand, and go on.
        if self.dialect != .transportWS, type == .error {
            return .nothing(note: "the server sent an error about no operation")
        }
        throw self.violation("a message of type \(type.rawValue) without an id")
    }

    /// One bad operation fails alone.
    private func malformed(_ envelope: GraphQLEnvelope, _ what: String) throws(SourceViolation) -> SourceEvent {
        guard self.acknowledged, let id = Self.id(of: envelope) else { throw self.violation(what) }
        return .unreadable(id, self.unreadable(what))
    }

    private static func id(of envelope: GraphQLEnvelope) -> SubscriptionID? {
        guard let text = envelope.id?.text, let id = SubscriptionID(text), String(id) == text else { return nil }
        return id
    }

    // MARK: - In words

    static func failure(_ payload: Bytes?) -> FreshetError {
        let payload = payload?.array ?? Array("[]".utf8)
        let messages = GraphQLError.list(from: payload).map(\.message)
        let text = messages.isEmpty ? "no reason given" : messages.joined(separator: "; ")
        return FreshetError(
            .operationFailed(payload: payload),
            "the server refused the operation: \(text)",
            hint: "check the document and its variables against the server's schema"
        )
    }

    private static func rejection(_ payload: Bytes?) -> FreshetError {
        let said = payload.map { GraphQLError.list(from: $0.array).map(\.message).joined(separator: "; ") } ?? ""
        return FreshetError(
            .unauthorized,
            "the server rejected the connection\(said.isEmpty ? "" : ": \(said)")",
            hint: "check the token, its expiry, and whether it belongs into a header or into connection_init"
        )
    }

    /// A pong that echoes the ping's payload as it came.
    private static func pong(answering payload: Bytes?) -> WebSocketMessage {
        guard let payload else { return WebSocketMessage(text: #"{"type":"pong"}"#) }
        return WebSocketMessage(text: #"{"type":"pong","payload":\#(payload.text)}"#)
    }

    private func unreadable(_ what: String) -> FreshetError {
        FreshetError(
            .protocolViolation,
            "the server broke \(self.dialect.subprotocol) for this operation: \(what)",
            hint: "check that the URL is a GraphQL endpoint"
        )
    }

    private func violation(_ what: String) -> SourceViolation {
        SourceViolation(
            code: 4004,
            reason: what,
            error: FreshetError(
                .protocolViolation,
                "the server broke \(self.dialect.subprotocol): \(what)",
                hint: "check that the URL is a GraphQL endpoint"
            )
        )
    }
}
