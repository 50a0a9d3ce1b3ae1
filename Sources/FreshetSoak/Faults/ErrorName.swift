// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// The kinds of error as histories and the catalogue write them: `closed(1006)`, `timeout(keepAlive)`, `tls(expired)`.
package enum ErrorName {
    package static func of(_ kind: FreshetError.Kind) -> String {
        switch kind {
        case .invalidInput: "invalidInput"
        case .unreachable: "unreachable"
        case .timeout(let phase): "timeout(\(phase.rawValue))"
        case .tls(let failure): "tls(\(failure.rawValue))"
        case .proxyRefused(let status): "proxyRefused(\(status))"
        case .upgradeRefused(let status): "upgradeRefused(\(status))"
        case .unauthorized: "unauthorized"
        case .forbidden: "forbidden"
        case .notFound: "notFound"
        case .conflict: "conflict"
        case .rateLimited: "rateLimited"
        case .validation: "validation"
        case .server(let status): "server(\(status))"
        case .rejected(let status): "rejected(\(status))"
        case .interrupted: "interrupted"
        case .protocolViolation: "protocolViolation"
        case .messageTooLarge: "messageTooLarge"
        case .closed(let code): "closed(\(code))"
        case .operationFailed: "operationFailed"
        case .decoding: "decoding"
        case .credentials: "credentials"
        case .outcomeUnknown: "outcomeUnknown"
        case .overflow: "overflow"
        case .clientClosed: "clientClosed"
        case .cancelled: "cancelled"
        }
    }
}
