// SPDX-License-Identifier: Apache-2.0

import CFreshetLoop

/// SHA-256, by the library that TLS uses.
package enum SHA256 {
    /// The digest of a text's UTF-8, in hexadecimal digits.
    package static func hexadecimal(of text: String) -> String {
        let bytes = Array(text.utf8)
        var digest = [UInt8](repeating: 0, count: 32)
        unsafe freshet_sha256(bytes, bytes.count, &digest)
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
