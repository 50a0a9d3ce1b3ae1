// SPDX-License-Identifier: Apache-2.0

/// The one error that feeds throw: what went wrong, in words, and what to do about it.
public struct FreshetError: Error, Sendable, Hashable {
    /// What kind of thing went wrong; switch over it to decide.
    public enum Kind: Sendable, Hashable {
        /// The caller's input cannot work: a URL, a header, a document, a setting.
        case invalidInput
        /// The host name is unknown, or there is no connection to be had to the address.
        case unreachable
        /// Something took longer than its deadline.
        case timeout(Phase)
        /// TLS failed: an untrusted, expired or foreign certificate, or no TLS at all on the other side.
        case tls
        /// The server answered the upgrade to WebSocket with this HTTP status.
        case upgradeRefused(status: Int)
        /// The server wants other credentials (401, 4401).
        case unauthorized
        /// The server knows the credentials and refuses (403, 4403).
        case forbidden
        /// The server broke a protocol: RFC 6455, the subprotocol, JSON.
        case protocolViolation
        /// A message was larger than the limit.
        case messageTooLarge
        /// The connection ended: with this close code, or without one (1005, 1006).
        case closed(code: UInt16)
        /// The server refused this operation; `payload` is what it said.
        case operationFailed(payload: [UInt8])
        /// A value from the server does not have the expected shape.
        case decoding
        /// The client was closed while the feed was open.
        case clientClosed
    }

    /// What was waited for when the time was up.
    public enum Phase: String, Sendable, Hashable {
        case resolve, connect, tls, upgrade, acknowledge, keepAlive
    }

    /// What kind of thing went wrong.
    public let kind: Kind

    /// What went wrong, in one sentence without secrets.
    public let message: String

    /// What to do about it, where that is known.
    public let hint: String?

    package init(_ kind: Kind, _ message: String, hint: String? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
    }
}

extension FreshetError: CustomStringConvertible {
    /// The message, and the hint after it.
    public var description: String {
        self.hint.map { "\(self.message) (hint: \($0))" } ?? self.message
    }
}
