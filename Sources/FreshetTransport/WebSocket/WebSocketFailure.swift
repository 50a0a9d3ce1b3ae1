// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// How the peer broke RFC 6455, with the code to close with (7.4.1).
package enum WebSocketFailure: Error, Sendable, Equatable {
    case protocolError(String)
    case tooLarge(limit: Int)

    package var closeCode: UInt16 {
        switch self {
        case .protocolError: 1002
        case .tooLarge: 1009
        }
    }

    package var error: FreshetError {
        switch self {
        case .protocolError(let what):
            FreshetError(.protocolViolation, "the server broke the WebSocket protocol: \(what)")
        case .tooLarge(let limit):
            FreshetError(
                .messageTooLarge,
                "the server sent a message of more than \(limit) bytes",
                hint: "raise messageLimit if messages of this size are expected"
            )
        }
    }
}
