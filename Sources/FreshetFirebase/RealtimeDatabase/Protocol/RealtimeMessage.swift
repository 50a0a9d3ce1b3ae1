// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// What a message of the server says.
package enum RealtimeMessage: Sendable {
    /// The first one: its time in milliseconds, the host to come back to, the session.
    case hello(RealtimeHello)
    /// Go to another host.
    case reset(host: String)
    /// The server wants none of it any more.
    case shutdown(reason: String)
    case error(String)
    case ping
    case pong
    /// The answer to a request.
    case reply(Int64, RealtimeReply)
    /// Something that nobody has asked for just now.
    case push(String, Bytes)
    /// What is of no consequence here.
    case other(String)

    /// Nil: it is none.
    package init?(_ json: Bytes) {
        guard let members = RealtimeJSON.members(json), let type = Self.text("t", of: members),
            let data = Self.member("d", of: members)
        else { return nil }
        let message: RealtimeMessage? =
            switch type {
            case "c": Self.control(data)
            case "d": Self.data(data)
            default: nil
            }
        guard let message else { return nil }
        self = message
    }

    private static func control(_ json: Bytes) -> RealtimeMessage? {
        guard let members = RealtimeJSON.members(json), let type = Self.text("t", of: members) else { return nil }
        let text = Self.text("d", of: members)
        switch type {
        case "h":
            guard let hello = Self.member("d", of: members).flatMap({ RealtimeHello($0) }) else { return nil }
            return .hello(hello)
        case "r": return text.map { .reset(host: $0) }
        case "s": return .shutdown(reason: text ?? "")
        case "e": return .error(text ?? "")
        case "p": return .ping
        case "o": return .pong
        default: return .other("a control message \(type.prefix(16))")
        }
    }

    private static func data(_ json: Bytes) -> RealtimeMessage? {
        guard let members = RealtimeJSON.members(json) else { return nil }
        let body = Self.member("b", of: members)
        if let number = Self.member("r", of: members).flatMap({ Int64($0.text) }) {
            return body.flatMap { RealtimeReply($0) }.map { .reply(number, $0) }
        }
        if let action = Self.text("a", of: members), let body { return .push(action, body) }
        return Self.text("error", of: members).map { .error($0) } ?? .other("a data message without an action")
    }

    static func member(_ name: String, of members: [(key: String, value: Bytes)]) -> Bytes? {
        members.last { $0.key == name }?.value
    }

    static func text(_ name: String, of members: [(key: String, value: Bytes)]) -> String? {
        Self.member(name, of: members).flatMap { RealtimeJSON.string($0) }
    }
}

/// How a server greets.
package struct RealtimeHello: Sendable, Equatable {
    /// In milliseconds since 1970.
    package let time: Int64
    package let host: String
    package let session: String

    init?(_ json: Bytes) {
        guard let members = RealtimeJSON.members(json), let host = RealtimeMessage.text("h", of: members) else {
            return nil
        }
        let time = RealtimeMessage.member("ts", of: members).flatMap { RealtimeJSON.value($0) }
        self.time =
            switch time {
            case .integer(let time): time
            case .number(let time): Int64(exactly: time.rounded()) ?? 0
            default: 0
            }
        self.host = host
        self.session = RealtimeMessage.text("s", of: members) ?? ""
    }
}

/// What the server says to a request.
package struct RealtimeReply: Sendable {
    package let status: String
    package let data: Bytes?

    init?(_ json: Bytes) {
        guard let members = RealtimeJSON.members(json), let status = RealtimeMessage.text("s", of: members) else {
            return nil
        }
        self.status = status
        self.data = RealtimeMessage.member("d", of: members)
    }

    package var isOK: Bool { self.status == "ok" }

    /// What the server says beside the status, for people.
    var words: String { self.data.flatMap { RealtimeJSON.string($0) } ?? "" }

    /// What a status other than `ok` means.
    package func error(of what: String) -> FreshetError {
        let words = self.words.isEmpty || self.words == self.status ? "" : ": \(self.words.prefix(200))"
        let message = "\(what) was answered with \(self.status.prefix(64))\(words)"
        switch self.status {
        case "permission_denied":
            return FreshetError(.forbidden, message, hint: "the database's rules do not allow it to this user")
        case "datastale": return FreshetError(.conflict(version: nil), message, hint: "get it again")
        case "invalid_token", "expired_token": return FreshetError(.unauthorized, message)
        case "too_big", "write_too_big": return FreshetError(.messageTooLarge, message)
        case "unavailable", "maxretry", "timeout": return FreshetError(.server(status: 503), message)
        case "internal", "unknown_error": return FreshetError(.server(status: 500), message)
        default: return FreshetError(.operationFailed(payload: self.data?.array ?? []), message)
        }
    }
}
