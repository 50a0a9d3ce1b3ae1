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

    package init(_ text: String) throws(FreshetError) {
        let hint = "a WebSocket URL looks like wss://api.example.com/graphql"
        guard let url = URL(string: text), let scheme = url.scheme?.lowercased() else {
            throw FreshetError(.invalidInput, "this is not a URL: \(Self.redacted(text))", hint: hint)
        }
        switch scheme {
        case "ws", "http": self.secure = false
        case "wss", "https": self.secure = true
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
        let port = url.port ?? (self.secure ? 443 : 80)
        guard (1...65535).contains(port), Self.isPlausible(host) else {
            throw FreshetError(.invalidInput, "the URL's host or port cannot be: \(Self.redacted(text))", hint: hint)
        }
        self.host = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        self.port = port
        let path = url.path(percentEncoded: true)
        self.target = (path.isEmpty ? "/" : path) + (url.query(percentEncoded: true).map { "?\($0)" } ?? "")
    }

    /// The Host header: the port only where it is not the scheme's own (RFC 6455 4.1).
    package var authority: String {
        let host = self.host.contains(":") ? "[\(self.host)]" : self.host
        return self.port == (self.secure ? 443 : 80) ? host : "\(host):\(self.port)"
    }

    /// A host that libwebsockets can check a certificate against: it takes 127 bytes.
    private static func isPlausible(_ host: String) -> Bool {
        host.utf8.count <= 127 && host.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }

    /// The text without what may be a secret: the query, and anything before an `@`.
    private static func redacted(_ text: String) -> String {
        let plain = text.prefix { $0 != "?" && $0 != "#" }
        guard let at = plain.lastIndex(of: "@") else { return String(plain.prefix(200)) }
        return "…" + plain[at...].prefix(200)
    }
}
