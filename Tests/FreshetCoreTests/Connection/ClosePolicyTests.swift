// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// The tables in `ClosePolicy`'s comment, row by row, and who may override them.
struct ClosePolicyTests {
    private typealias Decision = ClosePolicy.Decision

    private func closing(_ code: UInt16, _ reason: String = "") -> ConnectionEnd {
        .closeFrame(code: code, reason: reason)
    }

    private func refusing(_ status: Int, retryAfter: Duration? = nil) -> ConnectionEnd {
        let refusal = HTTPRefusal(status: status, retryAfter: retryAfter, authenticate: nil, body: [])
        let kind: FreshetError.Kind =
            switch status {
            case 401: .unauthorized
            case 403: .forbidden
            default: .upgradeRefused(status: status)
            }
        return .failure(FreshetError(kind, "no", refusal: refusal), retryAfter: retryAfter)
    }

    // MARK: - Close codes

    @Test(
        "D1 Codes that are tried again, even 1000 from a server while somebody listens",
        arguments: [1000, 1001, 1005, 1006, 1012, 1014] as [UInt16]
    )
    func retriedCode(_ code: UInt16) {
        #expect(ClosePolicy().decision(on: closing(code, "why")) == .retry)
    }

    @Test("A server in trouble is left alone for a while", arguments: [1011, 1013, 4429, 4500] as [UInt16])
    func relief(_ code: UInt16) {
        #expect(ClosePolicy.relief == .seconds(5))
        #expect(ClosePolicy().decision(on: closing(code)) == .retryAfter(.seconds(5)))
    }

    @Test("Codes that ask for other credentials", arguments: [4401, 4403] as [UInt16])
    func refreshingCode(_ code: UInt16) {
        #expect(ClosePolicy().decision(on: closing(code)) == .refreshCredentials)
    }

    @Test(
        "B50 Codes after which trying again would end the same way, and everything else below 3000",
        arguments: [
            4004, 4005, 4400, 4406, 4409, 0, 999, 1002, 1003, 1004, 1007, 1008, 1009, 1010, 1015, 1016, 1999, 2000,
            2999,
        ] as [UInt16]
    )
    func fatalCode(_ code: UInt16) {
        #expect(ClosePolicy().decision(on: closing(code, "why")) == .fatal)
    }

    @Test(
        "All other codes from 3000 on are tried again",
        arguments: [3000, 3999, 4000, 4001, 4205, 4402, 4404, 4408, 4444, 4499, 4504, 4999, 5000, 65_535] as [UInt16]
    )
    func otherCode(_ code: UInt16) {
        #expect(ClosePolicy().decision(on: closing(code)) == .retry)
    }

    @Test(
        "A code that stands in the reason of 1000 is the one that counts",
        arguments: [
            ("4400: bad request", .fatal), ("4401: expired", .refreshCredentials), ("4500:", .retryAfter(.seconds(5))),
            ("3000: x", .retry), ("4409:x", .fatal), ("4999: x", .retry),
        ] as [(String, ClosePolicy.Decision)]
    )
    func codeInReason(_ reason: String, _ decision: ClosePolicy.Decision) {
        #expect(ClosePolicy().decision(on: closing(1000, reason)) == decision)
        // Only 1000 hides another code.
        #expect(ClosePolicy().decision(on: closing(1001, reason)) == .retry)
    }

    @Test(
        "A reason that only looks like a code does not count",
        arguments: [
            "4400", "4400 bad", "1002: x", "2999: x", "5000: x", "+440: x", "440: x", "44000: x", "bad: 4400:", "",
        ]
    )
    func noCodeInReason(_ reason: String) {
        #expect(ClosePolicy().decision(on: closing(1000, reason)) == .retry)
    }

    @Test("A code in the reason can be overridden like any other")
    func overriddenCodeInReason() {
        var policy = ClosePolicy()
        policy.codes[4400] = .retryAfter(.seconds(3))
        #expect(policy.decision(on: closing(1000, "4400: x")) == .retryAfter(.seconds(3)))
        policy.codes[1000] = .fatal
        #expect(policy.decision(on: closing(1000, "4400: x")) == .retryAfter(.seconds(3)))
        #expect(policy.decision(on: closing(1000, "bye")) == .fatal)
    }

    // MARK: - Refused upgrades

    @Test("Statuses of the server's own troubles are tried again", arguments: [408, 425, 429, 500, 502, 503, 504, 599])
    func retriedStatus(_ status: Int) {
        #expect(ClosePolicy().decision(on: refusing(status)) == .retry)
        #expect(ClosePolicy().decision(on: refusing(status, retryAfter: .seconds(9))) == .retryAfter(.seconds(9)))
    }

    @Test("Statuses that ask for other credentials", arguments: [401, 403])
    func refreshingStatus(_ status: Int) {
        #expect(ClosePolicy().decision(on: refusing(status)) == .refreshCredentials)
        #expect(ClosePolicy().decision(on: refusing(status, retryAfter: .seconds(9))) == .refreshCredentials)
        let bare = FreshetError(.upgradeRefused(status: status), "no")
        #expect(ClosePolicy().decision(on: .failure(bare)) == .refreshCredentials)
    }

    @Test("All other statuses are final", arguments: [101, 200, 301, 307, 400, 402, 404, 405, 410, 424, 426, 428, 499])
    func fatalStatus(_ status: Int) {
        #expect(ClosePolicy().decision(on: refusing(status)) == .fatal)
        #expect(ClosePolicy().decision(on: refusing(status, retryAfter: .seconds(9))) == .fatal)
    }

    // MARK: - Other failures

    @Test(
        "Failures that may pass",
        arguments: [
            .unreachable, .timeout(.credentials), .timeout(.resolve), .timeout(.connect), .timeout(.tls),
            .timeout(.upgrade), .timeout(.acknowledge), .timeout(.keepAlive), .tls(.other), .proxyRefused(status: 500),
            .proxyRefused(status: 502), .closed(code: 1006),
        ] as [FreshetError.Kind]
    )
    func retriedKind(_ kind: FreshetError.Kind) {
        #expect(ClosePolicy().decision(on: .failure(FreshetError(kind, "no"))) == .retry)
    }

    @Test(
        "The provider's own word that there are no credentials",
        arguments: [.unauthorized, .forbidden] as [FreshetError.Kind]
    )
    func refreshingKind(_ kind: FreshetError.Kind) {
        #expect(ClosePolicy().decision(on: .failure(FreshetError(kind, "signed out"))) == .refreshCredentials)
    }

    @Test(
        "Failures that stay",
        arguments: [
            .invalidInput, .protocolViolation, .messageTooLarge, .operationFailed(payload: []), .decoding, .credentials,
            .outcomeUnknown, .overflow, .clientClosed, .cancelled, .proxyRefused(status: 407),
            .proxyRefused(status: 499), .tls(.unknownAuthority), .tls(.selfSigned), .tls(.expired), .tls(.notYetValid),
            .tls(.wrongHost), .tls(.revoked), .tls(.keyNotPinned), .tls(.notTLS), .tls(.clientCertificateRequired),
            .tls(.clientCertificateRefused), .tls(.version), .tls(.certificate),
        ] as [FreshetError.Kind]
    )
    func fatalKind(_ kind: FreshetError.Kind) {
        #expect(ClosePolicy().decision(on: .failure(FreshetError(kind, "no"))) == .fatal)
    }

    @Test("Our own end is no reason not to come back")
    func ours() {
        #expect(ClosePolicy().decision(on: .ours) == .retry)
    }

    // MARK: - Overrides

    @Test("B51 A code of the user's choice is fatal, or not")
    func overriddenCodes() {
        var policy = ClosePolicy()
        policy.codes = [4444: .fatal, 4400: .retry, 1006: .fatal]
        #expect(policy.decision(on: closing(4444)) == .fatal)
        #expect(policy.decision(on: closing(4400)) == .retry)
        #expect(policy.decision(on: closing(4445)) == .retry)
        // A connection that ended without a close frame has a code as well.
        #expect(policy.decision(on: .failure(FreshetError(.closed(code: 1006), "gone"))) == .fatal)
    }

    @Test("A status of the user's choice is tried again, or not", arguments: [401, 403, 404, 503])
    func overriddenStatuses(_ status: Int) {
        var policy = ClosePolicy()
        policy.statuses[status] = .retry
        #expect(policy.decision(on: refusing(status)) == .retry)
        // The server's wish counts there as well.
        #expect(policy.decision(on: refusing(status, retryAfter: .seconds(9))) == .retryAfter(.seconds(9)))
        policy.statuses[status] = .retryAfter(.seconds(60))
        #expect(policy.decision(on: refusing(status, retryAfter: .seconds(9))) == .retryAfter(.seconds(60)))
        policy.statuses[status] = .fatal
        #expect(policy.decision(on: refusing(status, retryAfter: .seconds(9))) == .fatal)
    }

    @Test("B52 The closure is asked first, and nil leaves it to the tables")
    func closure() {
        var policy = ClosePolicy()
        policy.codes[4444] = .fatal
        policy.statuses[404] = .retry
        policy.decide = { error in
            switch error.kind {
            case .closed(code: 4444), .tls(.expired): .retryAfter(.seconds(1))
            case .unauthorized where error.refusal?.status == 401: .fatal
            default: nil
            }
        }
        #expect(policy.decision(on: closing(4444)) { _, _ in .fatal } == .retryAfter(.seconds(1)))
        #expect(policy.decision(on: .failure(FreshetError(.tls(.expired), "old"))) == .retryAfter(.seconds(1)))
        #expect(policy.decision(on: refusing(401)) == .fatal)
        #expect(policy.decision(on: closing(4401)) == .refreshCredentials)
        #expect(policy.decision(on: refusing(404)) == .retry)
        #expect(policy.decision(on: closing(4400)) == .fatal)
    }

    @Test("B51 The closure sees code and reason")
    func closureSees() {
        var policy = ClosePolicy()
        policy.decide = { $0.message.contains("code 4205: restart") && $0.kind == .closed(code: 4205) ? .fatal : nil }
        #expect(policy.decision(on: closing(4205, "restart")) == .fatal)
        #expect(policy.decision(on: closing(4205, "other")) == .retry)
    }

    @Test("What the source says of its codes counts after the user's overrides and before the defaults")
    func source() {
        var policy = ClosePolicy()
        let source: (UInt16, String) -> ClosePolicy.Decision? = { code, reason in
            switch (code, reason) {
            case (4001, "expired"): .refreshCredentials
            case (4400, _): .retry
            case (1000, "4444: x"), (4444, "4444: x"): .fatal
            default: nil
            }
        }
        #expect(policy.decision(on: closing(4001, "expired"), source: source) == .refreshCredentials)
        #expect(policy.decision(on: closing(4001, "other"), source: source) == .retry)
        #expect(policy.decision(on: closing(4400), source: source) == .retry)
        #expect(policy.decision(on: closing(4409), source: source) == .fatal)
        #expect(policy.decision(on: closing(1000, "4444: x"), source: source) == .fatal)
        policy.codes[4400] = .retryAfter(.seconds(2))
        #expect(policy.decision(on: closing(4400), source: source) == .retryAfter(.seconds(2)))
    }

    @Test("What the user says is told from the defaults")
    func overrides() {
        var policy = ClosePolicy()
        #expect(!policy.verdict(on: refusing(403)).isOverride)
        #expect(!policy.verdict(on: closing(4000)) { _, _ in .fatal }.isOverride)
        policy.statuses[403] = .fatal
        policy.codes[4000] = .fatal
        #expect(policy.verdict(on: refusing(403)) == (.fatal, true))
        #expect(policy.verdict(on: closing(1000, "4000: no")) == (.fatal, true))
        #expect(!policy.verdict(on: refusing(404)).isOverride)
        #expect(!policy.verdict(on: .ours).isOverride)
        policy.decide = { $0.kind == .upgradeRefused(status: 404) ? .retry : nil }
        #expect(policy.verdict(on: refusing(404)) == (.retry, true))
        #expect(!policy.verdict(on: refusing(503)).isOverride)
    }
}
