// SPDX-License-Identifier: Apache-2.0

import FreshetTransport

/// The head of a request or of an answer, as it came.
struct ProxyHead: Sendable {
    private let lines: [Substring]
    let headers: [HTTPHeader]

    init(_ bytes: [UInt8]) {
        // In scalars: for characters CR LF is one, and not what the lines are split at.
        let lines = String(decoding: bytes, as: UTF8.self).unicodeScalars
            .split(separator: "\n", omittingEmptySubsequences: true)
            .map { Substring($0.last == "\r" ? $0.dropLast() : $0) }
            .filter { !$0.isEmpty }
        self.lines = lines
        self.headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return HTTPHeader(String(parts[0]), parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
        }
    }

    private var words: [Substring] { (self.lines.first ?? "").split(separator: " ") }
    var method: String { String(self.words.first ?? "") }
    var path: String { self.words.count > 1 ? String(self.words[1]) : "" }
    var status: Int { self.words.count > 1 ? Int(self.words[1]) ?? 0 : 0 }

    func value(_ name: String) -> String? { self.headers.first { $0.name.lowercased() == name }?.value }

    var isUpgrade: Bool { self.value("upgrade")?.lowercased() == "websocket" }

    /// The same without a header, and with another one.
    func bytes(without name: String, with header: HTTPHeader? = nil) -> [UInt8] {
        let kept =
            self.lines.prefix(1)
            + zip(self.lines.dropFirst(), self.headers).compactMap { line, header in
                header.name.lowercased() == name ? nil : line
            }
        let more = header.map { "\r\n\($0.name): \($0.value)" } ?? ""
        return Array((kept.joined(separator: "\r\n") + more + "\r\n\r\n").utf8)
    }

    /// The answer of a server that takes the upgrade, and the first subprotocol.
    func acceptance() -> [UInt8] {
        let subprotocol = self.value("sec-websocket-protocol").map { String($0.prefix { $0 != "," }) }
        var response = FaultResponse(status: 101)
        response.headers = [
            HTTPHeader("Upgrade", "websocket"), HTTPHeader("Connection", "Upgrade"),
            HTTPHeader("Sec-WebSocket-Accept", Upgrade.accept(for: self.value("sec-websocket-key") ?? "")),
        ]
        if let subprotocol { response.headers.append(HTTPHeader("Sec-WebSocket-Protocol", subprotocol)) }
        return response.bytes
    }
}
