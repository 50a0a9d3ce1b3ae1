// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

struct ClosePolicyTests {
    private enum Outcome: Equatable {
        case fatal(FreshetError.Kind)
        case retry(Duration, FreshetError.Kind)
    }

    private func outcome(of end: ConnectionEnd) -> Outcome {
        switch ClosePolicy().verdict(on: end) {
        case .fatal(let error): .fatal(error.kind)
        case .retry(let after, let error): .retry(after, error.kind)
        }
    }

    @Test(
        "Codes after which trying again would end the same way",
        arguments: [1002, 1003, 1007, 1008, 1009, 1010, 4004, 4005, 4400, 4409] as [UInt16]
    )
    func fatalCode(_ code: UInt16) {
        #expect(outcome(of: .closeFrame(code: code, reason: "why")) == .fatal(.closed(code: code)))
    }

    @Test(
        "Codes with a kind of their own",
        arguments: [(4401, .unauthorized), (4403, .forbidden), (4406, .protocolViolation)]
            as [(UInt16, FreshetError.Kind)]
    )
    func namedCode(_ code: UInt16, _ kind: FreshetError.Kind) throws {
        guard case .fatal(let error) = ClosePolicy().verdict(on: .closeFrame(code: code, reason: "no such luck")) else {
            Issue.record("\(code) is not fatal")
            return
        }
        #expect(error.kind == kind)
        #expect(error.message.contains("close code \(code): no such luck"))
        #expect(error.hint != nil)
    }

    @Test("A server in trouble is left alone for a while", arguments: [1011, 1013, 4429, 4500] as [UInt16])
    func relief(_ code: UInt16) {
        #expect(ClosePolicy.relief == .seconds(5))
        #expect(outcome(of: .closeFrame(code: code, reason: "")) == .retry(ClosePolicy.relief, .closed(code: code)))
    }

    @Test(
        "All other codes are tried again, D1 even 1000",
        arguments: [1000, 1001, 1005, 1006, 1012, 1014, 3000, 3999, 4000, 4205, 4408, 4444, 4499, 4504, 4999]
            as [UInt16]
    )
    func retriedCode(_ code: UInt16) {
        #expect(outcome(of: .closeFrame(code: code, reason: "")) == .retry(.zero, .closed(code: code)))
    }

    @Test("B12 The code and the reason are in the message")
    func message() {
        let error = FreshetError(.closed(code: 1001), "the server closed the connection with code 1001: restart")
        #expect(
            ClosePolicy().verdict(on: .closeFrame(code: 1001, reason: "restart")) == .retry(after: .zero, error)
        )
        let bare = FreshetError(.closed(code: 1001), "the server closed the connection with code 1001")
        #expect(ClosePolicy().verdict(on: .closeFrame(code: 1001, reason: "")) == .retry(after: .zero, bare))
    }

    @Test(
        "Refused upgrades: the server's own troubles are tried again",
        arguments: [408, 425, 429, 500, 502, 503, 504, 599]
    )
    func retriedStatus(_ status: Int) {
        let error = FreshetError(.upgradeRefused(status: status), "no")
        #expect(ClosePolicy().verdict(on: .failure(error)) == .retry(after: .zero, error))
        #expect(
            ClosePolicy().verdict(on: .failure(error, retryAfter: .seconds(9))) == .retry(after: .seconds(9), error)
        )
    }

    @Test("Refused upgrades: all else is final", arguments: [200, 301, 307, 400, 404, 405, 410, 426, 499])
    func fatalStatus(_ status: Int) {
        let error = FreshetError(.upgradeRefused(status: status), "no")
        #expect(ClosePolicy().verdict(on: .failure(error, retryAfter: .seconds(9))) == .fatal(error))
    }

    @Test(
        "Failures that may pass",
        arguments: [
            .unreachable, .timeout(.resolve), .timeout(.connect), .timeout(.tls), .timeout(.upgrade),
            .timeout(.acknowledge), .timeout(.keepAlive), .tls(.other), .proxyRefused(status: 502), .closed(code: 1006),
        ] as [FreshetError.Kind]
    )
    func retriedKind(_ kind: FreshetError.Kind) {
        #expect(outcome(of: .failure(FreshetError(kind, "no"))) == .retry(.zero, kind))
    }

    @Test(
        "Failures that stay",
        arguments: [
            .invalidInput, .unauthorized, .forbidden, .protocolViolation, .messageTooLarge,
            .operationFailed(payload: []), .decoding, .clientClosed, .cancelled,
            .proxyRefused(status: 407), .tls(.unknownAuthority), .tls(.selfSigned), .tls(.expired), .tls(.wrongHost),
            .tls(.notTLS), .tls(.clientCertificateRequired), .tls(.keyNotPinned), .tls(.version),
        ] as [FreshetError.Kind]
    )
    func fatalKind(_ kind: FreshetError.Kind) {
        #expect(outcome(of: .failure(FreshetError(kind, "no"))) == .fatal(kind))
    }

    @Test("Our own end is no reason not to come back")
    func ours() {
        #expect(outcome(of: .ours) == .retry(.zero, .closed(code: 1000)))
    }
}
