// SPDX-License-Identifier: Apache-2.0

/// Frames that no server should send, for ``FaultProxy/inject(bytes:connection:)`` and ``FaultAction/injectBytes(_:)``.
public enum FaultFrames {
    /// The beginning of a text frame of 1 MiB (`ws.partial-frame`). What comes after it becomes a part of it, so
    /// ``FaultProxy/silence(connection:)`` should follow.
    public static let partial: [UInt8] = RawConnection.header(0x81, 1 << 20) + Array("{".utf8)

    /// A text message that is no UTF-8 (`ws.bad-utf8`).
    public static let badUTF8: [UInt8] = RawConnection.frame(0x81, [0x61, 0xFF])

    /// A frame with a mask, as only clients send it (`ws.unmasked/rsv`).
    public static let masked: [UInt8] = [0x81, 0x82, 1, 2, 3, 4, 0x69, 0x6B]

    /// A text frame with a reserved bit (`ws.unmasked/rsv`).
    public static let reservedBit: [UInt8] = RawConnection.frame(0x91, [0x61])

    /// A frame with an opcode that means nothing (`ws.unmasked/rsv`).
    public static let reservedOpcode: [UInt8] = RawConnection.frame(0x83, [])

    /// The beginning of a message, and another one inside of it (`ws.fragment-interleave`).
    public static let interleaved: [UInt8] = RawConnection.frame(0x01, [0x61]) + RawConnection.frame(0x81, [0x62])

    /// The header of a binary message (`ws.oversize`): a client need not wait for the rest of it.
    ///
    /// - Parameter size: of the message; more than the client's limit.
    /// - Returns: the header alone.
    public static func oversize(_ size: Int) -> [UInt8] { RawConnection.header(0x82, max(size, 0)) }

    /// Pings, one after another, their payloads numbered from 1 (`ws.ping-flood`).
    ///
    /// - Parameter count: how many.
    /// - Returns: all of them.
    public static func pings(_ count: Int) -> [UInt8] {
        (0..<max(count, 0)).flatMap { RawConnection.frame(0x89, Array("\($0 + 1)".utf8)) }
    }
}
