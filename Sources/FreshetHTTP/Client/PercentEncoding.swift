// SPDX-License-Identifier: Apache-2.0

/// Writing letters as `%20` and the like (RFC 3986 2.1).
package enum PercentEncoding {
    static func encoded(_ text: String, keeping isKept: (UInt8) -> Bool) -> String {
        guard !text.utf8.allSatisfy({ isKept($0) && $0 != UInt8(ascii: "%") }) else { return text }
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for (place, byte) in zip(text.utf8.indices, text.utf8) {
            if isKept(byte), byte != UInt8(ascii: "%") || Self.isEncoded(text.utf8[place...]) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    package static func decoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard byte == UInt8(ascii: "%"), let code = UInt8(digits, radix: 16) else {
                bytes.append(byte)
                continue
            }
            bytes.append(code)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether it begins with a letter that is written like this: `50%` does not end with one.
    private static func isEncoded(_ text: Substring.UTF8View) -> Bool {
        let digits = text.dropFirst().prefix(2)
        return digits.count == 2 && digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
    }
}

extension UInt8 {
    /// Letters, digits, and `-._~`.
    var isUnreserved: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }

    /// What may stand in a path or a query, the signs that divide them included, and `%` where something is encoded already.
    var isInPath: Bool {
        switch self {
        // Letters and digits, and - . _ ~ ! $ & ' ( ) * + , ; = : @ / ? %
        case 0x21, 0x24...0x3B, 0x3D, 0x3F...0x5A, 0x5F, 0x61...0x7A, 0x7E: true
        default: false
        }
    }
}
