// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport
import Testing

struct UTF8ValidatorTests {
    /// Whether every way to cut `bytes` in two gives the same verdict, and which.
    private func isValid(_ bytes: [UInt8]) -> Bool {
        let verdicts = (0...bytes.count).map { cut in
            var validator = UTF8Validator()
            let parts = [bytes[..<cut], bytes[cut...]]
            return parts.allSatisfy { validator.accept(Bytes(copying: $0)) } && validator.isComplete
        }
        #expect(Set(verdicts).count == 1)
        return verdicts[0]
    }

    @Test(
        "Text is valid, wherever it is cut",
        arguments: [
            "", "a", "Grüße", "κόσμε", "漢字", "🏳️‍🌈", "\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}",
            String(repeating: "0123456789abcdef", count: 9) + "é" + String(repeating: "x", count: 40),
        ]
    )
    func valid(_ text: String) {
        #expect(isValid(Array(text.utf8)))
    }

    @Test("It agrees with the standard library on everything of three bytes after a prefix")
    func exhaustive() {
        var seed: UInt32 = 7
        for first in UInt8.min ... .max {
            for second in UInt8.min ... .max {
                seed = seed &* 1_664_525 &+ 1_013_904_223
                let bytes = [0x61, first, second, UInt8(seed >> 24), UInt8(seed >> 16 & 0xFF)]
                var validator = UTF8Validator()
                let verdict = validator.accept(Bytes(copying: bytes)) && validator.isComplete
                #expect(verdict == (String(validating: bytes, as: UTF8.self) != nil), "\(bytes)")
            }
        }
    }

    @Test(
        "What is wrong is known at its first wrong byte, before the rest comes",
        arguments: [
            [0x80], [0xC0], [0xC1], [0xF5], [0xFF], [0xE0, 0x9F], [0xED, 0xA0], [0xF0, 0x8F], [0xF4, 0x90],
            [0xC3, 0x41],
            [0xE2, 0x82, 0x41],
        ] as [[UInt8]]
    )
    func failsFast(_ bytes: [UInt8]) {
        var validator = UTF8Validator()
        let before = validator.accept(Bytes(copying: bytes.dropLast()))
        let last = validator.accept(Bytes(copying: bytes.suffix(1)))
        #expect(before && !last)
    }

    @Test(
        "A character that is not whole is not complete",
        arguments: [[0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x8F]] as [[UInt8]]
    )
    func incomplete(_ bytes: [UInt8]) {
        var validator = UTF8Validator()
        let accepted = validator.accept(Bytes(copying: bytes))
        #expect(accepted && !validator.isComplete)
    }
}
