// SPDX-License-Identifier: Apache-2.0

/// Writing letters as `%20` and the like (RFC 3986 2.1).
enum PercentEncoding {
    static func encoded(_ text: String, keeping isKept: (UInt8) -> Bool) -> String {
        guard !text.utf8.allSatisfy(isKept) else { return text }
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isKept(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
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

    /// What may stand in a path or a query, the signs that divide them included, and `%`: it is encoded already.
    var isInPath: Bool {
        self.isUnreserved || "!$&'()*+,;=:@/?%".utf8.contains(self)
    }
}
