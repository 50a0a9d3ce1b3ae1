// SPDX-License-Identifier: Apache-2.0

import CFreshetLoop
package import FreshetCore

/// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 3.3), by the library that TLS uses.
package enum RS256 {
    /// No RSA key has longer signatures: 16384 bits.
    private static let limit = 2048

    /// Signs a text's UTF-8.
    ///
    /// - Parameters:
    ///   - text: what is signed.
    ///   - key: a private key without a password, as PEM.
    /// - Returns: the signature.
    /// - Throws: `.invalidInput` for what is no such key.
    package static func sign(_ text: String, key: String) throws(FreshetError) -> [UInt8] {
        let (pem, bytes) = (Array(key.utf8), Array(text.utf8))
        var signature = [UInt8](repeating: 0, count: Self.limit)
        var count = Self.limit
        let result = unsafe freshet_sign_rs256(pem, pem.count, bytes, bytes.count, &signature, &count)
        guard result == 0 else {
            throw FreshetError(
                .invalidInput,
                result == -2 ? "the private key is no RSA key" : "the private key is not readable",
                hint: "it begins with -----BEGIN PRIVATE KEY----- and has no password"
            )
        }
        return Array(signature.prefix(count))
    }
}
