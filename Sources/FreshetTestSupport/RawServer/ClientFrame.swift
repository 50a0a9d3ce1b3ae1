// SPDX-License-Identifier: Apache-2.0

/// One frame from a client.
package struct ClientFrame: Sendable, Equatable {
    /// FIN, the reserved bits and the opcode.
    package let first: UInt8
    package let payload: [UInt8]

    package init(first: UInt8, payload: [UInt8]) {
        self.first = first
        self.payload = payload
    }

    /// The code of a close frame; 1005 when it has none.
    package var closeCode: UInt16? {
        guard self.first == 0x88 else { return nil }
        return self.payload.count >= 2 ? UInt16(self.payload[0]) << 8 | UInt16(self.payload[1]) : 1005
    }
}
