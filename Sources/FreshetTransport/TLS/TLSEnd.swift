// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// Why TLS failed, as the libraries tell it, and as a person wants to read it.
package struct TLSEnd {
    private static let trustHint = "name its authority (--cacert)"
    private static let identityHint = "give a client certificate and its key (--cert, --key)"

    /// OpenSSL's X509_V_ERR_…; the numbers are the same since 1.0.
    let verifyError: Int
    /// The server asked for a client certificate, and there was none.
    let certificateWanted: Bool
    /// OpenSSL's words, or those of the server's alert.
    let detail: String

    package init(verifyError: Int, certificateWanted: Bool, detail: String) {
        self.verifyError = verifyError
        self.certificateWanted = certificateWanted
        self.detail = detail
    }

    /// - Parameters:
    ///   - name: the other side.
    ///   - plain: what a server without TLS perhaps speaks, and the scheme to try.
    /// - Returns: the error.
    package func error(with name: String, plain: String) -> FreshetError {
        let certificate = "the certificate of \(name)"
        let (failure, message, hint): (FreshetError.TLSFailure, String, String?) =
            switch self.verifyError {
            case 0:
                self.handshakeFailure(with: name, plain)
            case 10:
                (.expired, "\(certificate) has expired", "the server needs a new certificate; check this clock too")
            case 9:
                (.notYetValid, "\(certificate) is not valid yet", "check this machine's clock")
            case 18, 19:
                (.selfSigned, "\(certificate) is self-signed", Self.trustHint)
            case 20, 21, 2:
                (.unknownAuthority, "\(certificate) is from an unknown authority", Self.trustHint)
            case 62, 64:
                (.wrongHost, "\(certificate) is for another host", "check the host name in the URL")
            case 23:
                (.revoked, "\(certificate) has been revoked", nil)
            case 50:
                (
                    .keyNotPinned, "\(name) has a key that is not pinned",
                    "either its key was changed, or somebody is in between"
                )
            default:
                (.certificate, "\(certificate) is not acceptable (OpenSSL verify error \(self.verifyError))", nil)
            }
        return FreshetError(.tls(failure), message, hint: hint)
    }

    /// The same for a server that says it in HTTP, as nginx does.
    package static func certificateWanted(by name: String, refusal: HTTPRefusal) -> FreshetError {
        FreshetError(
            .tls(.clientCertificateRequired),
            "\(name) wants a client certificate (HTTP \(refusal.status))",
            hint: Self.identityHint,
            refusal: refusal
        )
    }

    /// Where certificates are not the matter.
    private func handshakeFailure(
        with name: String,
        _ plain: String
    ) -> (FreshetError.TLSFailure, String, String?) {
        let detail = self.detail
        if ["wrong version number", "packet length", "unexpected message", "http request"].contains(
            where: detail.contains
        ) {
            return (.notTLS, "\(name) does not speak TLS on this port", "perhaps it speaks \(plain)")
        }
        if self.certificateWanted || detail.contains("certificate required") {
            return (.clientCertificateRequired, "\(name) wants a client certificate", Self.identityHint)
        }
        if ["bad certificate", "unknown CA", "certificate unknown", "certificate expired", "unsupported certificate"]
            .contains(where: detail.contains)
        {
            return (.clientCertificateRefused, "\(name) does not accept our certificate: \(detail)", Self.identityHint)
        }
        if ["protocol version", "unsupported protocol", "no protocols available"].contains(where: detail.contains) {
            return (.version, "\(name) and this program have no version of TLS in common: \(detail)", nil)
        }
        let reason = detail.isEmpty ? "the connection ended" : detail
        return (.other, "the TLS handshake with \(name) failed: \(reason)", nil)
    }
}
