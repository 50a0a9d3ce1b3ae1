// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// The payload of a close frame (RFC 6455 5.5.1).
package struct CloseFrame: Sendable, Equatable {
    /// No code at all (7.1.5).
    package static let noStatus: UInt16 = 1005

    package let code: UInt16
    package let reason: String

    package init(code: UInt16, reason: String) {
        self.code = code
        self.reason = reason
    }

    package init(parsing payload: Bytes) throws(WebSocketFailure) {
        let bytes = payload.array
        guard !bytes.isEmpty else {
            self.init(code: Self.noStatus, reason: "")
            return
        }
        guard bytes.count >= 2 else { throw .protocolError("a close frame of one byte") }
        let code = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
        guard Self.mayBeSent(code) else { throw .protocolError("the close code \(code) must not be sent") }
        guard let reason = String(validating: bytes.dropFirst(2), as: UTF8.self) else {
            throw .notUTF8
        }
        self.init(code: code, reason: reason)
    }

    /// The payload; the reason is cut at 123 bytes of UTF-8, between characters.
    package var payload: Bytes {
        guard self.code != Self.noStatus else { return Bytes(copying: []) }
        var reason = self.reason
        while reason.utf8.count > 123 { reason.removeLast() }
        return Bytes(copying: [UInt8(self.code >> 8), UInt8(self.code & 0xFF)] + Array(reason.utf8))
    }

    /// RFC 6455 7.4, with the codes registered at IANA since.
    private static func mayBeSent(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
