// SPDX-License-Identifier: Apache-2.0

import FreshetTransport

/// What an answer to an offer of permessage-deflate means (RFC 7692 7.1): in bytes, where ours is in strings.
enum AgreementModel: Equatable {
    case nothing, failure
    case agreed(CompressionAgreement)

    init(_ input: UpgradeInput, _ offer: CompressionConfiguration) {
        guard let answer = input["sec-websocket-extensions"] else {
            self = .nothing
            return
        }
        self = Self.agreement(Array(answer.utf8)[...], offer).map { .agreed($0) } ?? .failure
    }

    private static func agreement(
        _ answer: ArraySlice<UInt8>,
        _ offer: CompressionConfiguration
    ) -> CompressionAgreement? {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        var parts = answer.split(separator: 0x3B, omittingEmptySubsequences: false).map { $0.trimming(isSpace) }[...]
        guard offer.offered, !answer.contains(0x2C), Self.text(parts.removeFirst()) == "permessage-deflate" else {
            return nil
        }
        var values: [String: String?] = [:]
        for part in parts {
            let pieces = part.split(separator: 0x3D, maxSplits: 1, omittingEmptySubsequences: false)
            let name = Self.text(pieces[0].trimming(isSpace))
            guard values[name] == nil else { return nil }
            let value = pieces.dropFirst().first?.trimming(isSpace)
            let isQuoted = value.map { $0.count >= 2 && $0.first == 0x22 && $0.last == 0x22 } == true
            values[name] = .some((isQuoted ? value?.dropFirst().dropLast() : value).map { Self.text($0) })
        }
        var agreement = CompressionAgreement()
        agreement.clientNoContextTakeover = offer.clientNoContextTakeover
        agreement.clientMaxWindowBits = offer.clientMaxWindowBits
        let widths = ["8", "9", "10", "11", "12", "13", "14", "15"]
        for (name, value) in values {
            switch (name, value) {
            case ("server_no_context_takeover", nil): agreement.serverNoContextTakeover = true
            case ("client_no_context_takeover", nil): agreement.clientNoContextTakeover = true
            case ("server_max_window_bits", let value?):
                guard let index = widths.firstIndex(of: value), index + 8 <= offer.serverMaxWindowBits else {
                    return nil
                }
                agreement.serverMaxWindowBits = index + 8
            case ("client_max_window_bits", let value?):
                guard let index = widths.firstIndex(of: value) else { return nil }
                agreement.clientMaxWindowBits = min(index + 8, offer.clientMaxWindowBits)
            default: return nil
            }
        }
        let isAnswered = offer.serverMaxWindowBits == 15 || values["server_max_window_bits"] != nil
        return isAnswered && (agreement.serverNoContextTakeover || !offer.serverNoContextTakeover) ? agreement : nil
    }

    /// A letter for a byte, in lower case: other letters than ASCII's are like none of ours.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(String.UnicodeScalarView(bytes.map { Unicode.Scalar((0x41...0x5A).contains($0) ? $0 | 0x20 : $0) }))
    }
}
