// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import FreshetCore
import FreshetHTTP
import FreshetTransport

/// Where a database is: `https://name.firebaseio.com`, or any host with its name as `?ns=name`.
package struct RealtimeURL: Sendable, Hashable {
    package let isSecure: Bool
    /// Host and port.
    package let authority: String
    /// The database's name, where the host does not say it.
    package let namespace: String?

    package init(_ text: String) throws(FreshetError) {
        let hint = "a database's URL looks like https://name.firebaseio.com, or http://host:port?ns=name"
        guard let mark = text.firstRange(of: "://") else {
            throw FreshetError(.invalidInput, "the database's URL has no scheme", hint: hint)
        }
        switch text[..<mark.lowerBound].lowercased() {
        case "http", "ws": self.isSecure = false
        case "https", "wss": self.isSecure = true
        default: throw FreshetError(.invalidInput, "the database's URL is neither https: nor wss:", hint: hint)
        }
        let rest = text[mark.upperBound...]
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var authority = parts[0]
        while authority.last == "/" { authority.removeLast() }
        guard !authority.contains("/") else {
            throw FreshetError(.invalidInput, "the database's URL has a path", hint: "give the path to reference(_:)")
        }
        // Whether it can be a host.
        let endpoint = try Endpoint("\(self.isSecure ? "wss" : "ws")://\(authority)")
        guard endpoint.socketPath == nil else { throw FreshetError(.invalidInput, "a database has no Unix socket") }
        self.authority = endpoint.authority
        var namespace: String?
        for item in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            guard item.hasPrefix("ns=") else {
                throw FreshetError(.invalidInput, "the database's URL has a query other than ns=", hint: hint)
            }
            namespace = PercentEncoding.decoded(String(item.dropFirst("ns=".count)))
        }
        self.namespace = namespace
    }

    /// Whether its host is one of Google's, which send their clients to another one.
    package var isGoogle: Bool {
        [".firebaseio.com", ".firebasedatabase.app"].contains { self.authority.lowercased().hasSuffix($0) }
    }

    /// For the WebSocket.
    ///
    /// - Parameters:
    ///   - host: where the server wants to be asked instead.
    ///   - session: the last one.
    /// - Returns: the URL.
    package func webSocket(host: String?, session: String?) -> String {
        let other = host.flatMap { $0 == self.authority ? nil : $0 }
        var query = "v=5"
        if let session { query += "&ls=\(HTTPQuery.encoded(session))" }
        // Another host does not know by its own name which database is meant.
        let name = self.namespace ?? (other == nil ? nil : String(self.authority.prefix { $0 != "." }))
        if let name { query += "&ns=\(HTTPQuery.encoded(name))" }
        return "\(self.isSecure ? "wss" : "ws")://\(other ?? self.authority)/.ws?\(query)"
    }

    /// For HTTP.
    package var http: String { "\(self.isSecure ? "https" : "http")://\(self.authority)" }
}
