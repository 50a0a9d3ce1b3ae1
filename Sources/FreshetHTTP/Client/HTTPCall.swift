// SPDX-License-Identifier: Apache-2.0

public import HTTPTypes

/// A request on its way to the server, as middlewares see and change it.
public struct HTTPCall: Sendable {
    /// The method, where to, and the header fields; scheme, authority and path are always there.
    public var request: HTTPRequest

    /// What is sent.
    public var body: HTTPBody?

    /// How long it may take.
    public var timeouts: HTTPTimeouts

    /// How large the answer may be.
    public var limits: HTTPLimits

    /// Whether HTTP/2 may be spoken where the server offers it over TLS.
    public var allowsHTTP2 = true

    /// Whether the whole body is waited for, so that a retry covers its loss too.
    public var collectsBody = false

    /// Which attempt this is, from 1: a retry is one more.
    public var attempt = 1

    /// Makes a call.
    ///
    /// - Parameters:
    ///   - request: the method, where to, and the header fields.
    ///   - body: what is sent.
    ///   - timeouts: how long it may take.
    ///   - limits: how large the answer may be.
    public init(
        _ request: HTTPRequest,
        body: HTTPBody? = nil,
        timeouts: HTTPTimeouts = HTTPTimeouts(),
        limits: HTTPLimits = HTTPLimits()
    ) {
        self.request = request
        self.body = body
        self.timeouts = timeouts
        self.limits = limits
    }

    /// Whether it does no harm to be executed twice: it has an `Idempotency-Key`, or it was set, as for a query that is sent
    /// as a POST and for a PUT that must find a certain version, or else its method says so (RFC 9110 9.2.2).
    public var isIdempotent: Bool {
        get {
            if self.request.headerFields[.idempotencyKey] != nil { return true }
            if let said = self.saidToBeIdempotent { return said }
            switch self.request.method {
            case .get, .head, .put, .delete, .options, .trace: return true
            default: return false
            }
        }
        set { self.saidToBeIdempotent = newValue }
    }

    private var saidToBeIdempotent: Bool?
}

extension HTTPField.Name {
    // swift-format-ignore: NeverForceUnwrap
    /// The key by which a server recognises a request that it has executed already.
    public static let idempotencyKey = Self("Idempotency-Key")!
}
