// SPDX-License-Identifier: Apache-2.0

import CFreshetHTTP
import FreshetCore
import FreshetTransport

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// What libcurl says went wrong, as a person wants to read it.
extension CurlRoute {
    /// The connection ended in an orderly way, but too early.
    var noAnswer: FreshetError {
        FreshetError(.interrupted, "\(self.name) ended the connection in the middle of the answer's head")
    }

    /// The framing is right, what is in it is not.
    var endedPacked: FreshetError {
        FreshetError(.interrupted, "the compressed answer of \(self.name) ended too early")
    }

    /// All that may be open to it are in use.
    var noConnection: FreshetError {
        FreshetError(
            .timeout(.connect),
            "there was no free connection to \(self.name) in time",
            hint: "streams keep theirs: give them a pool of their own, or allow more connections"
        )
    }

    func error(for result: CurlEnd) -> FreshetError {
        let detail = result.detail
        switch result.end {
        case FRESHET_HTTP_RESOLVE:
            return FreshetError(
                .unreachable,
                "there is no host \(self.name)",
                hint: "check the host name in the URL, and the network"
            )
        case FRESHET_HTTP_RESOLVE_PROXY:
            return FreshetError(.unreachable, "there is no host \(self.proxyName)", hint: "check the proxy's URL")
        case FRESHET_HTTP_CONNECT: return self.connectError(Int32(truncatingIfNeeded: result.osError), detail)
        case FRESHET_HTTP_PROXY: return self.proxyError(result.proxyStatus, detail)
        case FRESHET_HTTP_TIMEOUT: return self.timeout(result.phase)
        case FRESHET_HTTP_BROKEN:
            // libcurl's own limit on all header fields together.
            if detail.contains("Too large response headers") { return self.tooLarge }
            // Some servers ask for a certificate and hang up without one: then it is TLS that failed.
            return detail.contains("alert") ? self.tlsError(result, detail) : self.interrupted
        case FRESHET_HTTP_EMPTY:
            return FreshetError(
                .interrupted,
                "\(self.name) ended the connection before it answered",
                hint: self.isSecure ? nil : "perhaps this port speaks TLS: try https:"
            )
        case FRESHET_HTTP_TRUNCATED:
            return FreshetError(.interrupted, "\(self.name) ended the answer before its announced end")
        case FRESHET_HTTP_REPLAY:
            return FreshetError(
                .interrupted,
                "\(self.name) ended a connection that was kept, when a part of the request had been sent"
            )
        case FRESHET_HTTP_TOO_LARGE: return self.tooLarge
        case FRESHET_HTTP_NOT_HTTP:
            return FreshetError(
                .protocolViolation,
                detail.contains("HTTP/0.9")
                    ? "\(self.name) did not answer with HTTP"
                    : "\(self.name) answered with what HTTP does not allow: \(detail)",
                hint: self.isSecure ? nil : "perhaps this port speaks TLS: try https:"
            )
        case FRESHET_HTTP_TLS, FRESHET_HTTP_CERTIFICATE, FRESHET_HTTP_PIN, FRESHET_HTTP_TLS_SETTINGS:
            return self.tlsError(result, detail)
        case FRESHET_HTTP_URL: return FreshetError(.invalidInput, "libcurl cannot read the URL of \(self.name)")
        case FRESHET_HTTP_ABORTED: return FreshetError(.interrupted, "the exchange with \(self.name) was ended")
        default: return FreshetError(.interrupted, "the exchange with \(self.name) failed: \(detail)")
        }
    }

    private var proxyName: String { self.proxy.map { "\($0)" } ?? "of the proxy" }

    private var interrupted: FreshetError {
        FreshetError(.interrupted, "the connection to \(self.name) broke")
    }

    private var tooLarge: FreshetError {
        FreshetError(.messageTooLarge, "the answer of \(self.name) is larger than libcurl can hold at once")
    }

    private func connectError(_ number: Int32, _ detail: String) -> FreshetError {
        let reason =
            switch number {
            case ECONNREFUSED: "connection refused"
            case ENETUNREACH, EHOSTUNREACH: "no route to it"
            case ENOENT: "there is no such socket"
            case EACCES, EPERM: "permission denied"
            case EMFILE, ENFILE: "this process has too many files open"
            default: detail
            }
        let name =
            self.proxy.map { "the proxy \($0)" } ?? self.socketPath.map { "the Unix socket \($0)" } ?? self.name
        return FreshetError(
            .unreachable,
            "no connection to \(name): \(reason)",
            hint: self.socketPath == nil
                ? "check that the server runs and that host and port are right"
                : "check that the server runs and that the path is right"
        )
    }

    private func proxyError(_ status: Int, _ detail: String) -> FreshetError {
        switch status {
        case 0:
            FreshetError(.unreachable, "the proxy \(self.proxyName) did not connect us to \(self.name): \(detail)")
        case 401, 407:
            FreshetError(
                .proxyRefused(status: status),
                "the proxy \(self.proxyName) wants \(self.proxy?.user == nil ? "credentials" : "other credentials") (HTTP \(status))",
                hint: "give them in the proxy's URL: http://user:password@host:port"
            )
        case 403:
            FreshetError(
                .proxyRefused(status: status),
                "the proxy \(self.proxyName) does not allow connections to \(self.name) (HTTP 403)",
                hint: "many allow port 443 only"
            )
        default:
            FreshetError(
                .proxyRefused(status: status),
                "the proxy \(self.proxyName) did not connect us to \(self.name) (HTTP \(status))"
            )
        }
    }

    private func timeout(_ waitedFor: freshet_http_phase) -> FreshetError {
        let phase: FreshetError.Phase =
            switch waitedFor {
            case FRESHET_HTTP_RESOLVING: .resolve
            case FRESHET_HTTP_CONNECTING: .connect
            case FRESHET_HTTP_SECURING: .tls
            default: .total
            }
        return FreshetError(.timeout(phase), "\(phase.words) \(self.name) took too long")
    }

    private func tlsError(_ result: CurlEnd, _ detail: String) -> FreshetError {
        if result.end == FRESHET_HTTP_TLS_SETTINGS {
            return FreshetError(
                .invalidInput,
                "TLS cannot be set up: \(detail)",
                hint: "certificates and keys must be PEM, and the key must not be encrypted"
            )
        }
        // libcurl compares names by itself.
        let isWrongHost = result.end == FRESHET_HTTP_CERTIFICATE && detail.contains("target host name")
        // 1 is what libcurl begins with: nothing was verified yet.
        let verified = result.verifyResult == 1 ? 0 : result.verifyResult
        let end = TLSEnd(
            verifyError: result.end == FRESHET_HTTP_PIN ? 50 : isWrongHost ? 62 : verified,
            certificateWanted: detail.contains("certificate required"),
            detail: Self.withoutPrefix(detail)
        )
        return end.error(with: self.name, plain: "plain HTTP: try http:")
    }

    /// `OpenSSL/3.0: error:0A000410:SSL routines::sslv3 alert handshake failure` and its like: what stands last counts.
    private static func withoutPrefix(_ detail: String) -> String {
        detail.split(separator: ":").last.map { String($0.drop { $0 == " " }) } ?? detail
    }
}
