// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// The exit codes of `freshet watch`: documented, stable.
enum ExitStatus: Int32 {
    case satisfied = 0
    case operationFailed = 2
    case gaveUp = 3
    case unauthorized = 4
    case protocolMismatch = 5
    case gap = 6
    case tls = 7
    case endedEarly = 8
    case usage = 64
    /// Of a soak: something was wrong, or a requirement is not met.
    case breach = 99
    case timeout = 124
    case interrupted = 130
    case brokenPipe = 141
    case terminated = 143

    init(_ error: FreshetError) {
        switch error.kind {
        case .invalidInput: self = .usage
        case .operationFailed, .notFound, .conflict, .validation, .rejected: self = .operationFailed
        case .unauthorized, .forbidden, .credentials: self = .unauthorized
        case .tls: self = .tls
        case .unreachable, .interrupted, .timeout, .clientClosed, .cancelled, .outcomeUnknown, .overflow, .server,
            .rateLimited:
            self = .gaveUp
        case .protocolViolation, .messageTooLarge, .decoding: self = .protocolMismatch
        case .proxyRefused(let status): self = [401, 407].contains(status) ? .unauthorized : .gaveUp
        case .upgradeRefused, .closed: self = Self.isFatal(error) ? .protocolMismatch : .gaveUp
        }
    }

    /// Whether trying again was never an option.
    private static func isFatal(_ error: FreshetError) -> Bool {
        let end: ConnectionEnd =
            if case .closed(let code) = error.kind { .closeFrame(code: code, reason: "") } else { .failure(error) }
        return ClosePolicy().decision(on: end) == .fatal
    }
}
