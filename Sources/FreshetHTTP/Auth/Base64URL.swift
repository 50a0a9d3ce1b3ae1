// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The alphabet of tokens (RFC 4648 section 5), without padding.
package enum Base64URL {
    package static func encode(_ bytes: [UInt8]) -> String {
        var text = ""
        for character in Data(bytes).base64EncodedString().unicodeScalars {
            switch character {
            case "+": text.append("-")
            case "/": text.append("_")
            case "=": break
            default: text.unicodeScalars.append(character)
            }
        }
        return text
    }

    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var standard = ""
        for character in text.utf8 {
            switch character {
            case UInt8(ascii: "-"): standard.append("+")
            case UInt8(ascii: "_"): standard.append("/")
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"):
                standard.unicodeScalars.append(Unicode.Scalar(character))
            default: return nil
            }
        }
        standard += String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
        return Data(base64Encoded: standard).map { Array($0) }
    }
}
