// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// Where a request goes: an origin and a path.
struct HTTPTarget: Hashable, Sendable {
    let scheme: String
    /// Host and port as written; for a Unix domain socket its path.
    let authority: String
    /// With the query.
    let path: String

    private static let hint = "a URL looks like https://api.example.com/v1"

    /// Reads an absolute URL.
    init(_ text: String) throws(FreshetError) {
        if let socket = try Self.socket(text) {
            self = socket
            return
        }
        guard let url = URL(string: text), let scheme = url.scheme?.lowercased() else {
            throw FreshetError(.invalidInput, "this is not a URL: \(Self.redacted(text))", hint: Self.hint)
        }
        guard scheme == "http" || scheme == "https" else {
            throw FreshetError(.invalidInput, "there is no HTTP by the scheme \(scheme):", hint: Self.hint)
        }
        guard url.user == nil, url.password == nil else {
            throw FreshetError(
                .invalidInput,
                "credentials do not belong into a URL",
                hint: "send them as a header or a token"
            )
        }
        guard let host = url.host(percentEncoded: false), !host.isEmpty else {
            throw FreshetError(.invalidInput, "the URL names no host: \(Self.redacted(text))", hint: Self.hint)
        }
        // Decoded, it may contain what ends a host.
        guard host.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && !"/?#@\\%".utf8.contains($0) }) else {
            throw FreshetError(.invalidInput, "the URL's host cannot be: \(Self.redacted(text))", hint: Self.hint)
        }
        let bracketed = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        let path = url.path(percentEncoded: true)
        let query = url.query(percentEncoded: true).map { "?\($0)" } ?? ""
        self.scheme = scheme
        self.authority = bracketed.lowercased() + (url.port.map { ":\($0)" } ?? "")
        self.path = (path.isEmpty ? "/" : path) + query
    }

    init(scheme: String, authority: String, path: String) {
        self.scheme = scheme
        self.authority = authority
        self.path = path
    }

    /// `http+unix:/run/app.sock:/v1`, as `ws+unix:`.
    private static func socket(_ text: String) throws(FreshetError) -> HTTPTarget? {
        let prefix = "http+unix:"
        guard text.lowercased().hasPrefix(prefix) else { return nil }
        let rest = text.dropFirst(prefix.count).drop { $0 == "/" }
        let parts = "/\(rest)".split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts.count > 1 ? String(parts[1]) : "/"
        guard parts[0].utf8.count > 1, parts[0].utf8.count < 104, path.hasPrefix("/") else {
            throw FreshetError(
                .invalidInput,
                "the path of the Unix socket cannot be",
                hint: "http+unix:/run/app.sock:/v1"
            )
        }
        return HTTPTarget(scheme: "http+unix", authority: String(parts[0]), path: path)
    }

    /// The target of a path below this one, or of an absolute URL.
    func appending(_ reference: String, query: HTTPQuery) throws(FreshetError) -> HTTPTarget {
        let target: HTTPTarget
        if Self.isAbsolute(reference) {
            target = try HTTPTarget(reference)
        } else {
            target = try self.below(reference)
        }
        guard !query.items.isEmpty else { return target }
        return HTTPTarget(
            scheme: target.scheme,
            authority: target.authority,
            path: target.path + (target.path.contains("?") ? "&" : "?") + query.text
        )
    }

    /// Whether it begins with a scheme (RFC 3986 3.1): a URL may also stand in a query.
    private static func isAbsolute(_ reference: String) -> Bool {
        let scheme = reference.utf8.prefix { $0 != UInt8(ascii: ":") }
        guard scheme.allSatisfy({ $0.isUnreserved || $0 == UInt8(ascii: "+") }) else { return false }
        let rest = reference.utf8.dropFirst(scheme.count)
        return rest.starts(with: "://".utf8)
            || rest.first == UInt8(ascii: ":") && String(Substring(scheme)).lowercased() == "http+unix"
    }

    private func below(_ reference: String) throws(FreshetError) -> HTTPTarget {
        guard !reference.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw FreshetError(.invalidInput, "a path has no control characters")
        }
        // In bytes: to find letters as people see them costs many times as much.
        let (slash, question) = (UInt8(ascii: "/"), UInt8(ascii: "?"))
        let reference = reference.utf8.prefix { $0 != UInt8(ascii: "#") }
        guard let first = reference.first else { return self }
        let base = self.path.utf8.prefix { $0 != question }
        let query = Substring(self.path.utf8.dropFirst(base.count + 1))
        var path: String
        if first == question {
            path = "\(Substring(base))?\(query)\(query.isEmpty ? "" : "&")\(Substring(reference.dropFirst()))"
        } else {
            path = String(Substring(base.last == slash ? base.dropLast() : base))
            path += "/"
            path += Substring(reference.drop { $0 == slash })
            if !query.isEmpty { path += "\(reference.contains(question) ? "&" : "?")\(query)" }
        }
        return HTTPTarget(
            scheme: self.scheme,
            authority: self.authority,
            path: PercentEncoding.encoded(path) { $0.isInPath }
        )
    }

    /// Where a redirect leads (RFC 3986 5).
    func resolving(_ location: String) throws(FreshetError) -> HTTPTarget {
        guard self.scheme != "http+unix" else {
            guard location.hasPrefix("/") else {
                throw FreshetError(.protocolViolation, "the server redirects away from its Unix socket")
            }
            let path = PercentEncoding.encoded(String(location.prefix { $0 != "#" })) { $0.isInPath }
            return HTTPTarget(scheme: self.scheme, authority: self.authority, path: path)
        }
        do throws(FreshetError) {
            return try self.target(of: location)
        } catch {
            // It is the server that is wrong, not the caller.
            throw FreshetError(.protocolViolation, "the server redirects to what cannot be asked: \(error.message)")
        }
    }

    private func target(of location: String) throws(FreshetError) -> HTTPTarget {
        let base = URL(string: "\(self.scheme)://\(self.authority)\(self.path)")
        guard let url = URL(string: location, relativeTo: base)?.absoluteURL else {
            throw FreshetError(.protocolViolation, "this is not a URL")
        }
        return try HTTPTarget(url.absoluteString)
    }

    func isSameOrigin(as other: HTTPTarget) -> Bool {
        // Most often they are written alike.
        self.scheme == other.scheme && self.authority == other.authority || self.origin == other.origin
    }

    /// Scheme, host and port (RFC 6454 4).
    var origin: String {
        let hasPort =
            self.authority.hasSuffix("]") ? false : self.authority.split(separator: "]").last?.contains(":") ?? false
        guard self.scheme != "http+unix", !hasPort else { return "\(self.scheme)://\(self.authority)" }
        return "\(self.scheme)://\(self.authority):\(self.scheme == "https" ? 443 : 80)"
    }

    /// For messages: without the query, which may hold a secret.
    var name: String { self.authority + self.path.prefix { $0 != "?" } }

    private static func redacted(_ text: String) -> String {
        // In scalars: a combining mark makes another character of the one before it.
        let scalars = text.unicodeScalars
        let (mark, rest) = scalars.lastIndex(of: "@").map { ("…", scalars[$0...]) } ?? ("", scalars[...])
        return mark + String(Substring(rest.prefix { $0 != "?" && $0 != "#" }).prefix(200))
    }
}
