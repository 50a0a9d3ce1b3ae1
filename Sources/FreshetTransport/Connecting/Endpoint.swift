// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
import FoundationEssentials

/// Where a WebSocket is: the parts of a `ws:` or `wss:` URL (RFC 6455 section 3).
package struct Endpoint: Sendable, Hashable {
    package let secure: Bool
    /// A name or an address, without brackets.
    package let host: String
    package let port: Int
    /// The path with its query, as the request line wants it.
    package let target: String
    /// The path of a Unix domain socket that is connected to instead of host and port.
    package let socketPath: String?

    package init(_ text: String) throws(FreshetError) {
        if let socket = Self.socketPrefixes.first(where: { text.lowercased().hasPrefix($0) }) {
            self = try Self(socket: text.dropFirst(socket.count))
            return
        }
        let hint = "a WebSocket URL looks like wss://api.example.com/graphql"
        guard let url = URL(string: text), let scheme = url.scheme?.lowercased() else {
            throw FreshetError(.invalidInput, "this is not a URL: \(Self.redacted(text))", hint: hint)
        }
        let secure: Bool
        switch scheme {
        case "ws", "http": secure = false
        case "wss", "https": secure = true
        default:
            throw FreshetError(.invalidInput, "a URL cannot be watched by the scheme \(scheme):", hint: hint)
        }
        guard url.user == nil, url.password == nil else {
            throw FreshetError(
                .invalidInput,
                "credentials do not belong into a URL",
                hint: "send them as a header or a token"
            )
        }
        guard let host = url.host(percentEncoded: false), !host.isEmpty else {
            throw FreshetError(.invalidInput, "the URL names no host: \(Self.redacted(text))", hint: hint)
        }
        let port = url.port ?? (secure ? 443 : 80)
        let bracketed = host.hasPrefix("[") && host.hasSuffix("]")
        let bare = bracketed ? String(host.dropFirst().dropLast()) : host
        let isHost = Self.isPlausible(bare) && (!bare.contains(":") || IPAddress(bare)?.isIPv6 == true)
        guard (1...65535).contains(port), isHost else {
            throw FreshetError(
                .invalidInput,
                "the URL's host or port cannot be: \(Self.redacted(text))",
                hint: bare.utf8.allSatisfy { $0 < 0x80 } ? hint : "a name in other letters is written as xn--…"
            )
        }
        let path = url.path(percentEncoded: true)
        let query = url.query(percentEncoded: true).map { "?\($0)" } ?? ""
        self.init(secure: secure, host: bare, port: port, target: (path.isEmpty ? "/" : path) + query, socketPath: nil)
    }

    private init(secure: Bool, host: String, port: Int, target: String, socketPath: String?) {
        self.secure = secure
        self.host = host
        self.port = port
        self.target = target
        self.socketPath = socketPath
    }

    private static let socketPrefixes = ["ws+unix://", "ws+unix:"]

    /// What comes after `ws+unix:`: the socket's path, and after a colon the request's.
    private init(socket text: Substring) throws(FreshetError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let path = String(parts[0])
        let target = parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : "/"
        let isPath = path.hasPrefix("/") || path.hasPrefix("@")
        guard isPath, path.utf8.count <= 100, target.hasPrefix("/"), target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw FreshetError(
                .invalidInput,
                "the URL names no Unix socket: \(Self.redacted(String(text)))",
                hint: "it looks like ws+unix:/run/app.sock:/path; the socket's path has 100 bytes at most"
            )
        }
        self.init(secure: false, host: "localhost", port: 80, target: target, socketPath: path)
    }

    /// Where a redirect leads (RFC 9110 10.2.2), seen from here.
    package func redirected(to location: String) throws(FreshetError) -> Endpoint {
        guard self.socketPath == nil else {
            throw FreshetError(.protocolViolation, "a server behind a Unix socket redirects")
        }
        let here = URL(string: "\(self.secure ? "https" : "http")://\(self.authority)\(self.target)")
        guard let url = here.flatMap({ URL(string: location, relativeTo: $0) }) else {
            throw FreshetError(.protocolViolation, "\(self.authority) redirects to what is not a URL")
        }
        let next = try Endpoint(url.absoluteString)
        guard next.socketPath == nil else {
            throw FreshetError(.protocolViolation, "\(self.authority) redirects to a Unix socket of this machine")
        }
        return next
    }

    /// Whether credentials for one may be sent to the other (RFC 6454 4).
    package func hasSameOrigin(as other: Endpoint) -> Bool {
        self.secure == other.secure && self.host.lowercased() == other.host.lowercased() && self.port == other.port
            && self.socketPath == other.socketPath
    }

    /// The Host header: the port only where it is not the scheme's own (RFC 6455 4.1).
    package var authority: String {
        let host = self.host.contains(":") ? "[\(self.host)]" : self.host
        return self.port == (self.secure ? 443 : 80) ? host : "\(host):\(self.port)"
    }

    /// A host that can be a name or an address, and that libwebsockets can check a certificate against: it takes 127 bytes.
    static func isPlausible(_ host: String) -> Bool {
        (1...127).contains(host.utf8.count)
            && host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/?#@[]\\%".utf8.contains($0) }
    }

    /// The text without what may be a secret: anything before an `@`, and the query. In scalars: a combining mark makes
    /// another character of the one before it.
    private static func redacted(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let (mark, rest) = scalars.lastIndex(of: "@").map { ("…", scalars[$0...]) } ?? ("", scalars[...])
        return mark + String(Substring(rest.prefix { $0 != "?" && $0 != "#" }).prefix(200))
    }
}

extension Endpoint: CustomStringConvertible {
    /// Without the query, which may hold a secret.
    package var description: String { (self.socketPath ?? self.authority) + self.target.prefix { $0 != "?" } }
}
