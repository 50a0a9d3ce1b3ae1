// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A long stream of bytes, cut into messages by chance: known on both sides, cheap to send and to compare.
///
/// The stream is a pattern over and over again. Its period is a prime, so that a byte lost, doubled or out of place anywhere
/// is seen, whatever the size of blocks and buffers.
package struct PatternStream: Sendable {
    private static let period = 65521
    package static let longest = 128 << 10

    /// The pattern, and enough of it again: every message is a slice of this.
    private let pattern: [UInt8]
    private var random: SeededRandom
    /// The bytes so far.
    package private(set) var position = 0

    package init(seed: UInt64) {
        var random = SeededRandom(seed)
        let period = (0..<Self.period).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        self.pattern = Array((0..<(Self.longest / Self.period + 2)).map { _ in period }.joined())
        self.random = random
    }

    /// The next message.
    package mutating func next() -> ArraySlice<UInt8> {
        let size = Int.random(in: 0...Self.longest, using: &self.random)
        let start = self.position % Self.period
        self.position += size
        return self.pattern[start..<start + size]
    }

    /// Whether `message` is the next one.
    package mutating func matches(_ message: RawSpan) -> Bool {
        let expected = self.next()
        guard message.byteCount == expected.count else { return false }
        return expected.withUnsafeBytes { expected in
            message.withUnsafeBytes { message in
                guard let left = expected.baseAddress, let right = message.baseAddress else { return message.isEmpty }
                return memcmp(left, right, message.count) == 0
            }
        }
    }
}
