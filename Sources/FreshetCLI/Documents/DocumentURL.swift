// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP

/// A URL of documents on the command line, taken apart: `scheme://user:password@authority/path`.
struct DocumentURL: Equatable {
    enum Kind: String, CaseIterable {
        case etcd, etcds, nats, natss, k8s, firestore, rtdb, rtdbs

        /// How such a URL begins, and how its server's does.
        var schemes: (url: String, server: String) {
            switch self {
            case .etcd: ("etcd+http://", "http://")
            case .etcds: ("etcd+https://", "https://")
            case .nats: ("nats+ws://", "ws://")
            case .natss: ("nats+wss://", "wss://")
            case .k8s: ("k8s://", "")
            case .firestore: ("firestore://", "")
            case .rtdb: ("rtdb+ws://", "ws://")
            case .rtdbs: ("rtdb+wss://", "wss://")
            }
        }

        /// Where the server is follows from something else.
        var namesNoHost: Bool { self == .k8s || self == .firestore }
    }

    let kind: Kind
    let user: String?
    let password: String?
    /// Host and port; of `k8s:` the context, of `firestore:` the project.
    let authority: String
    /// After the slash, with what was percent-encoded as it is.
    let path: String
    /// What comes after the `?` of `firestore:` and `rtdb+ws:`, as it is written; elsewhere that belongs to the path.
    let query: String

    /// Nil: it is a URL of something else.
    init?(_ url: String) throws(FreshetError) {
        guard let kind = Kind.allCases.first(where: { url.hasPrefix($0.schemes.url) }) else {
            if let error = Self.mistake(in: url) { throw error }
            return nil
        }
        self.kind = kind
        var rest = url.dropFirst(kind.schemes.url.count)
        let hasQuery = [.firestore, .rtdb, .rtdbs].contains(kind)
        let question = hasQuery ? rest.firstIndex(of: "?") ?? rest.endIndex : rest.endIndex
        self.query = String(rest[question...].dropFirst())
        rest = rest[..<question]
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        var authority = rest[..<slash]
        var userinfo: [Substring] = []
        if !kind.namesNoHost, let at = authority.lastIndex(of: "@") {
            userinfo = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            authority = authority[authority.index(after: at)...]
        }
        self.user = userinfo.isEmpty ? nil : PercentEncoding.decoded(String(userinfo[0]))
        self.password = userinfo.count > 1 ? PercentEncoding.decoded(String(userinfo[1])) : nil
        self.authority = String(authority)
        self.path = PercentEncoding.decoded(String(rest[slash...].dropFirst()))
        guard kind == .k8s || !authority.isEmpty else {
            let what = kind.namesNoHost ? "project" : "host"
            throw FreshetError(
                .invalidInput,
                "the URL names no \(what)",
                hint: "\(kind.schemes.url)\(kind.namesNoHost ? what : "host:port")/…"
            )
        }
    }

    /// How else people write the schemes.
    private static let spellings = [
        "etcd": "etcd+http://", "etcds": "etcd+https://", "etcd+ws": "etcd+http://", "etcd+wss": "etcd+https://",
        "nats": "nats+ws://", "natss": "nats+wss://", "nats+http": "nats+ws://", "nats+https": "nats+wss://",
        "kube": "k8s://", "kubernetes": "k8s://", "k8s+http": "k8s://", "k8s+https": "k8s://",
        "firestore+http": "firestore://", "firestore+https": "firestore://", "firebase": "rtdb+wss://",
        "rtdb": "rtdb+wss://", "rtdbs": "rtdb+wss://", "rtdb+http": "rtdb+ws://", "rtdb+https": "rtdb+wss://",
    ]

    /// What is wrong with the scheme of a URL that is certainly meant for documents; nil where nothing is certain.
    private static func mistake(in url: String) -> FreshetError? {
        guard let colon = url.firstRange(of: "://")?.lowerBound else { return nil }
        let scheme = url[..<colon].lowercased()
        let inCapitals = Kind.allCases.map { $0.schemes.url }.first { $0 == "\(scheme)://" }
        guard let right = inCapitals ?? Self.spellings[scheme] else { return nil }
        return FreshetError(
            .invalidInput,
            "there are no documents by the scheme \(url[..<colon]):",
            hint: "try \(right)"
        )
    }

    var server: String { self.kind.schemes.server + self.authority }

    /// Without who the user is.
    var source: String {
        "\(self.kind.schemes.url)\(self.authority)/\(self.path)\(self.query.isEmpty ? "" : "?\(self.query)")"
    }

    /// The query, name by name.
    var parameters: [(name: String, value: String)] {
        self.query.split(separator: "&").map { item in
            let parts = item.split(separator: "=", maxSplits: 1).map { PercentEncoding.decoded(String($0)) }
            return (parts.first ?? "", parts.count > 1 ? parts[1] : "")
        }
    }
}
