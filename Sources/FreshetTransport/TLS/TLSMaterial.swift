// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
import FoundationEssentials

/// What a `TLSConfiguration` comes to: files read, pins decoded.
package struct TLSMaterial: Sendable {
    package let authorities: [UInt8]?
    package let certificate: [UInt8]?
    package let key: [UInt8]?
    package let pins: [UInt8]

    package init(_ configuration: TLSConfiguration) throws(FreshetError) {
        self.authorities = try configuration.authorities.map { pem throws(FreshetError) in
            try Self.bytes(pem, "the certificate authorities")
        }
        self.certificate = try configuration.identity.map { identity throws(FreshetError) in
            try Self.bytes(identity.certificate, "the client certificate")
        }
        self.key = try configuration.identity.map { identity throws(FreshetError) in
            try Self.bytes(identity.key, "the client certificate's key")
        }
        var pins: [UInt8] = []
        for pin in configuration.pinnedPublicKeys.sorted() {
            guard let digest = Data(base64Encoded: pin), digest.count == 32 else {
                throw FreshetError(
                    .invalidInput,
                    "a pinned public key is not a SHA-256 in base64: \(pin.prefix(60))",
                    hint:
                        "openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary "
                        + "| base64"
                )
            }
            pins += digest
        }
        self.pins = pins
    }

    private static func bytes(_ pem: TLSConfiguration.PEM, _ what: String) throws(FreshetError) -> [UInt8] {
        switch pem {
        case .text(let text):
            return Array(text.utf8)
        case .file(let path):
            do {
                return Array(try Data(contentsOf: URL(filePath: path)))
            } catch {
                throw FreshetError(
                    .invalidInput,
                    "\(what) cannot be read: \(path)",
                    hint: "is the file there, and readable?"
                )
            }
        }
    }
}
