// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// How the peer broke RFC 6455, with the code to close with (7.4.1).
package enum WebSocketFailure: Error, Sendable, Equatable {
    case protocolError(String)
    /// Text, or a close reason, that is not UTF-8 (8.1).
    case notUTF8
    case tooLarge(limit: Int)
    /// Compressed data that no inflater understands (RFC 7692 7.2.2).
    case notDeflate

    package var closeCode: UInt16 {
        switch self {
        case .protocolError: 1002
        case .notUTF8, .notDeflate: 1007
        case .tooLarge: 1009
        }
    }

    package var error: FreshetError {
        switch self {
        case .protocolError(let what):
            FreshetError(.protocolViolation, "the server broke the WebSocket protocol: \(what)")
        case .notUTF8:
            FreshetError(.protocolViolation, "the server broke the WebSocket protocol: text that is not UTF-8")
        case .notDeflate:
            FreshetError(
                .protocolViolation,
                "the server broke the WebSocket protocol: compressed data that cannot be read",
                hint: "compression can be switched off in the configuration"
            )
        case .tooLarge(let limit):
            FreshetError(
                .messageTooLarge,
                "the server sent a message of more than \(limit) bytes",
                hint: "raise messageLimit if messages of this size are expected"
            )
        }
    }
}
