// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Freshet
package import FreshetCore
package import FreshetTransport

/// NATS over WebSocket, as a client: what to say, and what the server's bytes mean.
///
/// Two kinds of subscriptions of NATS are used: number 1 is the inbox, for the answers to everything that is asked; each
/// consumer has one of its own, and a new one when it is made again, so that what was on the way for the old one is not taken for
/// the new one's.
package struct NATSSource: FeedSource {
    static let inboxSID: UInt64 = 1

    let settings: NATSSettings
    private var parser = NATSParser()
    var server: NATSServerInfo?
    private var credentials: Credentials?
    private var isReady = false
    /// What was asked and not answered: the subjects.
    var calls: [SubscriptionID: String] = [:]
    /// What was not sent, and why.
    var refusals: [SubscriptionID: FreshetError] = [:]
    var consumers: [UInt64: NATSConsumer] = [:]
    var sids: [SubscriptionID: UInt64] = [:]
    var lastSID = Self.inboxSID
    /// Feeds that were told that their history is lost, and begin with what there is.
    var restarted: Set<SubscriptionID> = []
    /// Streams that keep more than the last message of a subject.
    var historical: Set<String> = []

    package init(_ settings: NATSSettings) {
        self.settings = settings
    }

    package var subprotocols: [String] { [] }

    package mutating func opened(
        subprotocol: String?,
        credentials: Credentials?
    ) throws(SourceViolation) -> [WebSocketMessage] {
        // The server speaks first.
        self.credentials = credentials
        return []
    }

    package func kind(of request: NATSRequest) -> OperationKind { request.kind }

    package func continuity(of request: NATSRequest) -> Continuity { request.continuity }

    package func mark(of payload: Bytes, in request: NATSRequest) -> UpdateMark? {
        NATSFrame(parsing: payload)?.delivery.map { delivery in
            UpdateMark(
                key: .integer(Int64(clamping: delivery.streamSequence)),
                position: NATSPosition(delivery).position
            )
        }
    }

    package func ping() -> WebSocketMessage? { NATSCommand.ping.message }

    package func decision(onClose code: UInt16, reason: String) -> ClosePolicy.Decision? {
        guard code == 1008 else { return nil }
        // The one code for everything that a server does not put up with.
        if reason.contains("Slow Consumer") { return .retry }
        if reason.contains("Maximum") { return .retryAfter(.seconds(5)) }
        return reason.contains("Auth") || reason.contains("Credentials") ? .refreshCredentials : nil
    }

    // MARK: - What the server says

    package mutating func receive(_ message: WebSocketMessage) throws(SourceViolation) -> SourceEvent {
        var operations: [NATSOperation] = []
        var failure: SourceViolation?
        do throws(NATSParser.Failure) {
            try self.parser.parse(message.payload, into: &operations)
        } catch {
            failure = Self.violation(error)
        }
        var events: [SourceEvent] = []
        events.reserveCapacity(operations.count)
        for operation in operations { try self.take(operation, &events) }
        if let failure {
            // What came before it counts.
            if events.isEmpty { throw failure }
            events.append(.refused(failure.error))
        }
        return events.count == 1 ? events[0] : .several(events)
    }

    private mutating func take(_ operation: NATSOperation, _ events: inout [SourceEvent]) throws(SourceViolation) {
        switch operation {
        case .message(let frame): self.take(frame, &events)
        case .ping: events.append(.reply(NATSCommand.pong.message))
        case .pong: events.append(self.answered())
        case .ok: break
        case .info(let json): events.append(try self.greeted(json))
        case .error(let text): events += self.refused(text)
        }
    }

    private mutating func answered() -> SourceEvent {
        guard !self.isReady else { return .answered }
        self.isReady = true
        return .ready
    }

    /// INFO: the first word of a server, and again when its cluster changes, or it is about to go.
    private mutating func greeted(_ json: Bytes) throws(SourceViolation) -> SourceEvent {
        guard let info = try? json.withBytes({ try JSONDecoder().decode(NATSServerInfo.self, from: Data($0)) }) else {
            throw Self.violation(.malformed("an INFO that is not JSON"))
        }
        guard self.server == nil else {
            return .nothing(note: info.ldm == true ? "the server is about to shut down" : nil)
        }
        self.server = info
        guard info.headers == true else {
            throw Self.violation(
                .malformed("headers are not supported: it is older than 2.2, or they are switched off")
            )
        }
        var command = NATSCommand(line: "CONNECT \(try self.settings.connect(self.credentials))")
        command.subscribe(to: "\(self.inbox).*", sid: Self.inboxSID)
        command.add(line: "PING")
        return .reply(command.message)
    }

    /// Nobody else's: the client's nonce cannot be guessed, and the server numbers its connections.
    var inbox: String {
        let server = (self.server?.server_id ?? "").filter { $0.isASCII && ($0.isLetter || $0.isNumber) }.suffix(8)
        return "\(self.settings.inbox).\(self.settings.nonce)\(server)\(self.server?.client_id ?? 0)"
    }

    private mutating func refused(_ text: String) -> [SourceEvent] {
        let lowercased = text.lowercased()
        if lowercased.hasPrefix("permissions violation for") { return self.forbidden(text) }
        let error: FreshetError
        if lowercased.contains("authorization") || lowercased.contains("authentication exp")
            || lowercased.contains("authentication rev")
        {
            error = FreshetError(
                .unauthorized,
                "the server does not accept the credentials: \(text)",
                hint:
                    "check user, password and token; keys that have to sign (NKeys, credential files) are not supported"
            )
        } else if lowercased.contains("stale connection") || lowercased.contains("slow consumer")
            || lowercased.contains("authentication timeout")
        {
            // The close frame that follows has a code that must not be sent: this says what it means.
            error = FreshetError(.interrupted, "the server gave the connection up: \(text)")
        } else if lowercased.contains("maximum connections") || lowercased.contains("active connections") {
            error = FreshetError(.rateLimited(retryAfter: nil), "the server has no room: \(text)")
        } else if lowercased.contains("maximum payload") {
            error = FreshetError(.messageTooLarge, "a message was larger than the server allows")
        } else if lowercased.contains("unknown protocol") || lowercased.contains("parser error") {
            error = FreshetError(.protocolViolation, "the server did not understand: \(text)")
        } else {
            return [.nothing(note: "the server says: \(text.prefix(120))")]
        }
        return [.refused(error)]
    }

    static func violation(_ failure: NATSParser.Failure) -> SourceViolation {
        let (what, kind, code): (String, FreshetError.Kind, UInt16) =
            switch failure {
            case .malformed(let what): (what, .protocolViolation, 1002)
            case .tooLarge(let what): (what, .messageTooLarge, 1008)
            }
        return SourceViolation(
            code: code,
            reason: what,
            error: FreshetError(
                kind,
                "the server broke the protocol of NATS: \(what)",
                hint: "check that the URL is the WebSocket listener of a NATS server"
            )
        )
    }
}
