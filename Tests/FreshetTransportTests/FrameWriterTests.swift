// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport
import Testing

struct FrameWriterTests {
    private static let mask: UInt32 = 0x37FA_213D
    private static let key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]

    private func frame(_ opcode: Opcode, _ payload: [UInt8]) -> [UInt8] {
        FrameWriter.frame(opcode, Bytes(copying: payload), mask: Self.mask)
    }

    @Test("RFC 6455 5.7: a masked text message of Hello")
    func hello() {
        #expect(
            frame(.text, Array("Hello".utf8)) == [
                0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58,
            ]
        )
    }

    @Test("An empty control frame is masked as well")
    func empty() {
        #expect(frame(.ping, []) == [0x89, 0x80] + Self.key)
    }

    @Test(
        "Each kind of frame has its first byte",
        arguments: [(.text, 0x81), (.binary, 0x82), (.close, 0x88), (.ping, 0x89), (.pong, 0x8A)]
            as [(Opcode, UInt8)]
    )
    func opcodes(_ opcode: Opcode, _ first: UInt8) {
        #expect(frame(opcode, [1]) == [first, 0x81] + Self.key + [1 ^ 0x37])
    }

    @Test(
        "The shortest length form is used, and unmasking gives the payload back",
        arguments: [
            (0, [0x80]), (1, [0x81]), (125, [0xFD]), (126, [0xFE, 0, 126]), (127, [0xFE, 0, 127]),
            (65535, [0xFE, 0xFF, 0xFF]), (65536, [0xFF, 0, 0, 0, 0, 0, 1, 0, 0]),
            (65793, [0xFF, 0, 0, 0, 0, 0, 1, 1, 1]),
        ] as [(Int, [UInt8])]
    )
    func lengths(_ count: Int, _ length: [UInt8]) {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let frame = frame(.binary, payload)
        #expect(Array(frame.prefix(1 + length.count + 4)) == [0x82] + length + Self.key)
        let masked = frame.dropFirst(1 + length.count + 4)
        #expect(masked.count == count)
        #expect(zip(masked, 0...).map { $0 ^ Self.key[$1 % 4] } == payload)
    }

    @Test(
        "The mask's bytes go out in order, whatever they are",
        arguments: [0, 1, 0xFF00_0000, 0x0102_0304] as [UInt32]
    )
    func masks(_ mask: UInt32) {
        let key = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: mask >> $0) }
        let frame = FrameWriter.frame(.text, Bytes(copying: [0, 0, 0, 0, 0]), mask: mask)
        #expect(frame == [0x81, 0x85] + key + key + key.prefix(1))
    }

    @Test("A part of a larger chunk is written as what it is")
    func slice() {
        let slice = Bytes(copying: Array("xxHelloxx".utf8))[2..<7]
        #expect(FrameWriter.frame(.text, slice, mask: Self.mask) == frame(.text, Array("Hello".utf8)))
    }
}
