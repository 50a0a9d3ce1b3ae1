// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
import FoundationEssentials

/// An HTTP proxy that connects us to a server (CONNECT, RFC 9110 9.3.6).
public struct Proxy: Sendable, Hashable {
    /// A name or an address.
    public var host: String
    /// Its port.
    public var port: Int
    /// The user that the proxy asks for, if it does.
    public var user: String?
    /// The user's password.
    public var password: String?

    /// Makes a proxy.
    ///
    /// - Parameters:
    ///   - host: a name or an address.
    ///   - port: its port.
    ///   - user: the user that the proxy asks for, if it does.
    ///   - password: the user's password. With the user it may have 93 bytes.
    public init(host: String, port: Int, user: String? = nil, password: String? = nil) {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
    }

    /// Reads `http://user:password@host:port`; the scheme may be left out, and the port is 80 then as well.
    ///
    /// - Parameter url: the proxy's URL.
    /// - Throws: `.invalidInput` for what is not a proxy's URL, and for proxies other than HTTP's.
    public init(_ url: String) throws(FreshetError) {
        let hint = "a proxy looks like http://user:password@proxy.example.com:3128"
        let text = url.contains("://") ? url : "http://\(url)"
        guard let parsed = URL(string: text), let scheme = parsed.scheme?.lowercased() else {
            throw FreshetError(.invalidInput, "the proxy's URL cannot be read", hint: hint)
        }
        guard scheme == "http" else {
            throw FreshetError(.invalidInput, "a proxy with the scheme \(scheme): is not supported", hint: hint)
        }
        guard let host = parsed.host(percentEncoded: false), !host.isEmpty else {
            throw FreshetError(.invalidInput, "the proxy's URL names no host", hint: hint)
        }
        self.init(
            host: host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host,
            port: parsed.port ?? 80,
            user: parsed.user(percentEncoded: false),
            password: parsed.password(percentEncoded: false)
        )
        guard Endpoint.isPlausible(self.host) else {
            throw FreshetError(.invalidInput, "the proxy's host cannot be", hint: hint)
        }
        guard (1...65535).contains(self.port) else {
            throw FreshetError(.invalidInput, "the proxy's port cannot be: \(self.port)", hint: hint)
        }
    }

    /// `user:password` (RFC 7617 2).
    package var credentials: String? { self.user.map { "\($0):\(self.password ?? "")" } }

    /// Host and port, for messages.
    var authority: String { "\(self.host.contains(":") ? "[\(self.host)]" : self.host):\(self.port)" }
}

extension Proxy: CustomStringConvertible {
    /// Host and port, without the credentials.
    public var description: String { self.authority }
}
