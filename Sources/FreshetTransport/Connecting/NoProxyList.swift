// SPDX-License-Identifier: Apache-2.0

/// The hosts of a `no_proxy` variable: names with all below them, addresses, networks, `*` for everything; each perhaps with a
/// port. There is no standard; this is what curl and Go agree on.
struct NoProxyList {
    private struct Entry {
        let name: String
        let port: Int?
    }

    private let entries: [Entry]

    init(_ text: String) {
        self.entries = text.split { $0 == "," || $0.isWhitespace }.map { Self.entry(String($0).lowercased()) }
    }

    func covers(host: String, port: Int) -> Bool {
        let host = host.lowercased()
        return self.entries.contains { entry in
            if let wanted = entry.port, wanted != port { return false }
            if entry.name == "*" { return true }
            if let address = IPAddress(host) {
                return IPAddress.network(entry.name).map { address.isIn($0.address, bits: $0.bits) } ?? false
            }
            let domain = entry.name.drop { $0 == "." }
            return host == domain || host.hasSuffix(".\(domain)")
        }
    }

    private static func entry(_ text: String) -> Entry {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            let rest = text[text.index(after: end)...]
            return Entry(
                name: String(text[..<end].dropFirst()),
                port: rest.hasPrefix(":") ? Int(rest.dropFirst()) : nil
            )
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let port = Int(parts[1]) else { return Entry(name: text, port: nil) }
        return Entry(name: String(parts[0]), port: port)
    }
}
