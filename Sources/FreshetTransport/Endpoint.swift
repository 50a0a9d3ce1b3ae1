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
        let bracketed = host.hasPrefix("[") && host.hasSuffix("]")
        let bare = bracketed ? String(host.dropFirst().dropLast()) : host
        let isAddress = bracketed || text.contains("[")
        guard (1...65535).contains(port), Self.isPlausible(bare), isAddress || !bare.contains(":") else {
            throw FreshetError(.invalidInput, "the URL's host or port cannot be: \(Self.redacted(text))", hint: hint)
        }
        self.host = bare
        self.port = port
        let path = url.path(percentEncoded: true)
        self.target = (path.isEmpty ? "/" : path) + (url.query(percentEncoded: true).map { "?\($0)" } ?? "")
    }

    /// The Host header: the port only where it is not the scheme's own (RFC 6455 4.1).
    package var authority: String {
        let host = self.host.contains(":") ? "[\(self.host)]" : self.host
        return self.port == (self.secure ? 443 : 80) ? host : "\(host):\(self.port)"
    }

    /// A host that can be a name or an address, and that libwebsockets can check a certificate against: it takes 127 bytes.
    private static func isPlausible(_ host: String) -> Bool {
        host.utf8.count <= 127
            && host.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !"/?#@[]\\%".utf8.contains($0) }
    }

    /// The text without what may be a secret: anything before an `@`, and the query.
    private static func redacted(_ text: String) -> String {
        let (mark, rest) = text.lastIndex(of: "@").map { ("…", text[$0...]) } ?? ("", text[...])
        return mark + rest.prefix { $0 != "?" && $0 != "#" }.prefix(200)
    }
}

extension Endpoint: CustomStringConvertible {
    /// Without the query, which may hold a secret.
    package var description: String { self.authority + self.target.prefix { $0 != "?" } }
}
