// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// A whole message (RFC 6455 5.6).
package struct WebSocketMessage: Sendable {
    package enum Kind: Sendable {
        case text, binary
    }

    package let kind: Kind
    package let payload: ByteSlice

    package init(_ kind: Kind, _ payload: ByteSlice) {
        self.kind = kind
        self.payload = payload
    }

    package init(text: String) {
        self.init(.text, ByteSlice(copying: text.utf8))
    }
}
