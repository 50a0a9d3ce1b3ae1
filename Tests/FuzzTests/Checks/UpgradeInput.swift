// SPDX-License-Identifier: Apache-2.0

import FreshetTransport

/// A response to an upgrade as text, with settings of the client among its headers (their names begin with `fuzz-`).
///
/// In values `{s}` stands for a secret, `{c}` for credentials and `{q}` for a query that hold it.
struct UpgradeInput {
    /// In none of the corpora, so that where it appears it has been let out.
    static let secret = "Kq7-zW93xV"

    let status: Int
    let body: [UInt8]
    private let headers: [String: String]

    init?(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard !Self.isSecretIn(text) else { return nil }
        var headers: [String: String] = [:]
        var rest = text.utf8[...]
        func line() -> Substring? {
            guard !rest.isEmpty else { return nil }
            let end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
            defer { rest = rest[end...].dropFirst() }
            let line = Substring(rest[..<end])
            return line.utf8.last == 0x0D ? Substring(line.utf8.dropLast()) : line
        }
        let statusText = line()?.utf8.drop { $0 != 0x20 }.dropFirst().prefix(3)
        self.status = statusText.flatMap { Int(Substring($0)) } ?? 101
        while let line = line(), !line.isEmpty {
            guard let colon = line.utf8.firstIndex(of: 0x3A) else { continue }
            let name = String(Substring(line.utf8[..<colon])).lowercased()
            headers[name] = Self.filledIn(Substring(line.utf8[colon...].dropFirst().drop { $0 == 0x20 }))
        }
        self.headers = headers
        self.body = Array(Self.filledIn(Substring(rest)).utf8)
    }

    /// Without any header.
    static let empty = UpgradeInput()

    private init() {
        (self.status, self.body, self.headers) = (101, [], [:])
    }

    subscript(name: String) -> String? { self.headers[name] }

    /// What the client offers: `off`, or some of `s`, `c` (no context takeover), `s10`, `c12` (windows).
    var offer: CompressionConfiguration {
        guard let text = self["fuzz-offer"] else { return .on }
        let words = text.split(separator: " ")
        func bits(_ letter: String) -> Int {
            words.lazy.compactMap { $0.hasPrefix(letter) ? Int($0.dropFirst()) : nil }.first ?? 15
        }
        return CompressionConfiguration(
            offered: !words.contains("off"),
            serverNoContextTakeover: words.contains("s"),
            clientNoContextTakeover: words.contains("c"),
            serverMaxWindowBits: bits("s"),
            clientMaxWindowBits: bits("c")
        )
    }

    /// Whether `text` has the secret, byte for byte: comparing characters would not see it before a combining mark.
    static func isSecretIn(_ text: String) -> Bool {
        let (text, secret) = (Array(text.utf8), Array(Self.secret.utf8))
        guard text.count >= secret.count else { return false }
        return (0...text.count - secret.count).contains { text[$0...].starts(with: secret) }
    }

    /// Whether a URL has the secret where secrets are not kept: after the credentials and before the query.
    static func isSecretInSight(of url: String) -> Bool {
        let bytes = Array(url.utf8)
        let start = bytes.lastIndex(of: 0x40) ?? 0
        return Self.isSecretIn(String(decoding: bytes[start...].prefix { $0 != 0x3F && $0 != 0x23 }, as: UTF8.self))
    }

    private static func filledIn(_ text: Substring) -> String {
        var output: [UInt8] = []
        var rest = Array(text.utf8)[...]
        let names: [([UInt8], String)] = [
            (Array("{s}".utf8), Self.secret), (Array("{c}".utf8), "user:\(Self.secret)@"),
            (Array("{q}".utf8), "?token=\(Self.secret)"),
        ]
        while let byte = rest.first {
            if byte == 0x7B, let (_, value) = names.first(where: { rest.starts(with: $0.0) }) {
                output += Array(value.utf8)
                rest = rest.dropFirst(3)
            } else {
                output.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
