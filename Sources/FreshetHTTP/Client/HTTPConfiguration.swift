// SPDX-License-Identifier: Apache-2.0

public import FreshetTransport
public import HTTPTypes

/// How a client speaks to its servers: what all of its requests have in common.
public struct HTTPConfiguration: Sendable {
    /// Header fields for every request that has none of the same name. To another origin than the base URL's they do not go.
    public var headers: HTTPFields = [:]

    /// How long a request may take.
    public var timeouts = HTTPTimeouts()

    /// How large an answer may be.
    public var limits = HTTPLimits()

    /// How servers prove who they are, and how we do.
    public var tls = TLSConfiguration()

    /// Which connections go through a proxy.
    public var proxy = ProxyPolicy.environment

    /// Which redirects are followed.
    public var redirects = RedirectPolicy()

    /// Whether to ask for compressed answers.
    public var compresses = true

    /// Whether HTTP/2 may be spoken where a server offers it over TLS.
    public var allowsHTTP2 = true

    /// Where connections are kept.
    public var pool = HTTPPool.shared

    /// Makes a configuration with the defaults; what is to be different is set on it.
    public init() {}
}

extension HTTPConfiguration: CustomStringConvertible {
    /// Without the values of header fields: they may be secrets.
    public var description: String {
        "HTTPConfiguration(headers: \(self.headers.map(\.name.rawName)), timeouts: \(self.timeouts))"
    }
}
