// SPDX-License-Identifier: Apache-2.0

/// The one error that everything here throws: what went wrong, in words, and what to do about it.
public struct FreshetError: Error, Sendable, Hashable {
    /// What kind of thing went wrong; switch over it to decide.
    public enum Kind: Sendable, Hashable {
        /// The caller's input cannot work: a URL, a header, a document, a setting.
        case invalidInput
        /// The host name is unknown, or there is no connection to be had to the address.
        case unreachable
        /// Something took longer than its deadline.
        case timeout(Phase)
        /// TLS failed, and how.
        case tls(TLSFailure)
        /// The proxy answered with this HTTP status (407: it wants credentials) instead of connecting us.
        case proxyRefused(status: Int)
        /// The server answered the upgrade to WebSocket with this HTTP status.
        case upgradeRefused(status: Int)
        /// The server wants other credentials (401, 4401).
        case unauthorized
        /// The server knows the credentials and refuses (403, 4403).
        case forbidden
        /// There is no such thing on the server (404, 410).
        case notFound
        /// The thing on the server is not as the request took it to be (409, 412); `version` is its entity tag, where the
        /// server said it.
        case conflict(version: String?)
        /// The server wants to be asked less often (429), and not again before so long.
        case rateLimited(retryAfter: Duration?)
        /// The server says what is wrong with what it was sent (400, 422).
        case validation([FieldError])
        /// The server itself failed (500 and on).
        case server(status: Int)
        /// The server answered with another status that was not asked for.
        case rejected(status: Int)
        /// The connection broke before the answer was complete.
        case interrupted
        /// The server broke a protocol: RFC 6455, the subprotocol, JSON.
        case protocolViolation
        /// A message, a body or a header was larger than the limit.
        case messageTooLarge
        /// The connection ended: with this close code, or without one (1005, 1006).
        case closed(code: UInt16)
        /// The server refused this operation; `payload` is what it said.
        case operationFailed(payload: [UInt8])
        /// A value from the server does not have the expected shape.
        case decoding
        /// The provider of credentials failed, and not because of the network.
        case credentials
        /// The connection broke after the operation was sent and before its result came: it may have been executed or
        /// not, and it is not sent again.
        case outcomeUnknown
        /// The consumer was slower than its feed's buffer allows, and its policy is to fail then.
        case overflow
        /// The client was closed while the feed was open.
        case clientClosed
        /// The task was cancelled.
        case cancelled
    }

    /// What made TLS fail.
    public enum TLSFailure: String, Sendable, Hashable {
        /// The certificate is from an authority that is not trusted here.
        case unknownAuthority
        /// The certificate is signed by itself, and not trusted here.
        case selfSigned
        /// The certificate's time is over, or has not come.
        case expired, notYetValid
        /// The certificate is for another host.
        case wrongHost
        /// The authority has withdrawn the certificate.
        case revoked
        /// The server's key is none of the pinned ones.
        case keyNotPinned
        /// The other side does not speak TLS.
        case notTLS
        /// The server wants a client certificate, and there was none.
        case clientCertificateRequired
        /// The server does not accept our certificate.
        case clientCertificateRefused
        /// The two sides have no version of TLS in common.
        case version
        /// Something else about the certificate.
        case certificate
        /// Something else.
        case other
    }

    /// What was waited for when the time was up.
    public enum Phase: String, Sendable, Hashable {
        case credentials, resolve, connect, tls, upgrade, acknowledge, keepAlive, snapshot
        /// Of a request: the first byte of the answer, the next one, all of it.
        case response, body, total
    }

    /// What kind of thing went wrong.
    public let kind: Kind

    /// What went wrong, in one sentence without secrets.
    public let message: String

    /// What to do about it, where that is known.
    public let hint: String?

    /// What the server said when it refused, where it did so in HTTP.
    public let refusal: HTTPRefusal?

    /// Makes an error: for a source, a provider of credentials or a snapshot of your own.
    ///
    /// - Parameters:
    ///   - kind: what kind of thing went wrong.
    ///   - message: what went wrong, in one sentence without secrets.
    ///   - hint: what to do about it, where that is known.
    public init(_ kind: Kind, _ message: String, hint: String? = nil) {
        self.init(kind, message, hint: hint, refusal: nil)
    }

    package init(_ kind: Kind, _ message: String, hint: String? = nil, refusal: HTTPRefusal?) {
        self.kind = kind
        self.message = message
        self.hint = hint
        self.refusal = refusal
    }
}

extension FreshetError: CustomStringConvertible {
    /// The message, and the hint after it.
    public var description: String {
        self.hint.map { "\(self.message) (hint: \($0))" } ?? self.message
    }
}
