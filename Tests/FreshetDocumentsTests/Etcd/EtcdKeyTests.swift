// SPDX-License-Identifier: Apache-2.0

import FreshetTestSupport
import Testing

@testable import FreshetDocuments

@Suite struct EtcdKeyTests {
    @Test("UTF-8 is the text that it is", arguments: ["", "users/1", "ключ/é/😀", "\u{0}", "\u{F77F}\u{F800}"])
    func text(_ text: String) {
        #expect(EtcdKey.text(Array(text.utf8)) == text)
        #expect(EtcdKey.bytes(text) == Array(text.utf8))
    }

    @Test("Bytes that are not UTF-8 are scalars of the private use area, and so are those scalars' own bytes")
    func escapes() {
        #expect(EtcdKey.text([0x61, 0xFF, 0x62]) == "a\u{F7FF}b")
        #expect(EtcdKey.text([0x80]) == "\u{F780}")
        #expect(EtcdKey.text(Array("\u{F780}".utf8)) == "\u{F7EF}\u{F79E}\u{F780}")
        #expect(EtcdKey.text(Array("\u{F7FF}".utf8)) == "\u{F7EF}\u{F79F}\u{F7BF}")
        // A character that the end cuts short, and a surrogate.
        #expect(EtcdKey.text([0xE2, 0x82]) == "\u{F7E2}\u{F782}")
        #expect(EtcdKey.text([0xED, 0xA0, 0x80]) == "\u{F7ED}\u{F7A0}\u{F780}")
    }

    @Test(
        "Every key has a text that leads back to it, and no two keys the same one",
        arguments: 0..<20 as Range<UInt64>
    )
    func bijection(_ seed: UInt64) {
        var random = SeededRandom(seed)
        var texts: [[Unicode.Scalar]: [UInt8]] = [:]
        for _ in 0..<500 {
            var key: [UInt8] = []
            for _ in 0..<Int.random(in: 0..<12, using: &random) {
                switch Int.random(in: 0..<4, using: &random) {
                case 0: key.append(UInt8.random(in: 0...255, using: &random))
                case 1: key += Array("é€😀".utf8)
                case 2:
                    key += [
                        0xEF, [0x9E, 0x9F].randomElement(using: &random) ?? 0x9E,
                        UInt8.random(in: 0x80...0xBF, using: &random),
                    ]
                default: key += [0xEF, 0x9E]
                }
            }
            let text = EtcdKey.text(key)
            #expect(EtcdKey.bytes(text) == key, "seed \(seed)")
            let known = texts.updateValue(key, forKey: Array(text.unicodeScalars))
            #expect(known == nil || known == key, "seed \(seed)")
        }
    }

    @Test("A prefix ends before the next one; after the highest of all there is none")
    func ranges() {
        #expect(EtcdRange(prefix: Array("doc/".utf8)).end == Array("doc0".utf8))
        #expect(EtcdRange(prefix: [0x61, 0xFF, 0xFF]).end == [0x62])
        #expect(EtcdRange(prefix: [0xFF, 0xFF]).end == [0])
        #expect(EtcdRange(prefix: []) == EtcdRange(prefix: []))
        #expect(EtcdRange(prefix: []).key == [0])
        #expect(EtcdRange(prefix: []).end == [0])
        #expect(EtcdRange(key: [1]).end == nil)
        #expect(EtcdRange(prefix: [0x61]).after([0x61, 0x62]).key == [0x61, 0x62, 0])
    }
}
