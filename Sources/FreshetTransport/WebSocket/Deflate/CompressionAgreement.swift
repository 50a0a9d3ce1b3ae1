// SPDX-License-Identifier: Apache-2.0

/// What the server made of our offer of permessage-deflate (RFC 7692 7.1).
package struct CompressionAgreement: Sendable, Equatable {
    package var serverNoContextTakeover = false
    package var clientNoContextTakeover = false
    package var serverMaxWindowBits = 15
    package var clientMaxWindowBits = 15

    /// What is wrong with an answer.
    package struct Failure: Error, Equatable {
        package let reason: String
    }

    package init() {}

    /// Judges the server's Sec-WebSocket-Extensions; what was not offered, is said twice or makes no sense fails the
    /// handshake (RFC 6455 9.1, RFC 7692 7.1).
    package init(answer: String, to offer: CompressionConfiguration) throws(Failure) {
        guard offer.offered else { throw Failure(reason: "it uses an extension that was not offered") }
        let extensions = answer.split(separator: ",", omittingEmptySubsequences: false)
        guard extensions.count == 1 else { throw Failure(reason: "it uses several extensions") }
        let parts = answer.split(separator: ";", omittingEmptySubsequences: false).map(Self.trimmed)
        guard parts.first?.lowercased() == "permessage-deflate" else {
            throw Failure(reason: "it uses an extension that was not offered")
        }
        self.serverMaxWindowBits = 15
        self.clientMaxWindowBits = offer.clientMaxWindowBits
        self.clientNoContextTakeover = offer.clientNoContextTakeover
        var seen: Set<String> = []
        for part in parts.dropFirst() {
            let pieces = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(Self.trimmed)
            let name = pieces.first.map { $0.lowercased() } ?? ""
            let value = pieces.count > 1 ? Self.unquoted(pieces[1]) : nil
            guard seen.insert(name).inserted else { throw Failure(reason: "it says \(name.prefix(40)) twice") }
            switch (name, value) {
            case ("server_no_context_takeover", nil):
                self.serverNoContextTakeover = true
            case ("client_no_context_takeover", nil):
                self.clientNoContextTakeover = true
            case ("server_max_window_bits", let value?):
                self.serverMaxWindowBits = try Self.bits(value, atMost: offer.serverMaxWindowBits)
            case ("client_max_window_bits", let value?):
                self.clientMaxWindowBits = min(offer.clientMaxWindowBits, try Self.bits(value, atMost: 15))
            default:
                throw Failure(reason: "its permessage-deflate has the parameter \(part.prefix(60))")
            }
        }
        if offer.serverMaxWindowBits < 15, !seen.contains("server_max_window_bits") {
            throw Failure(reason: "it did not agree to server_max_window_bits=\(offer.serverMaxWindowBits)")
        }
        if offer.serverNoContextTakeover, !self.serverNoContextTakeover {
            throw Failure(reason: "it did not agree to server_no_context_takeover")
        }
    }

    /// 8 to 15, without a leading zero (7.1.2).
    private static func bits(_ text: String, atMost most: Int) throws(Failure) -> Int {
        guard let bits = Int(text), String(bits) == text, (8...most).contains(bits) else {
            throw Failure(reason: "its permessage-deflate has a window of \(text.prefix(20)) bits")
        }
        return bits
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }

    private static func unquoted(_ text: String) -> String {
        text.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"") ? String(text.dropFirst().dropLast()) : text
    }
}
