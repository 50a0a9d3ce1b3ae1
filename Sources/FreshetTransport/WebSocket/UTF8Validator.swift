// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// Whether bytes are UTF-8, decided as they come (RFC 3629 section 4; RFC 6455 8.1): wrong at the first byte that is.
package struct UTF8Validator: Sendable {
    /// Continuation bytes that are still due.
    private var due = 0
    /// What the next of them may be: the first one's range keeps out overlong forms, surrogates and what is too large.
    private var low: UInt8 = 0x80
    private var high: UInt8 = 0xBF

    package init() {}

    /// Whether the bytes so far end between characters.
    package var isComplete: Bool { self.due == 0 }

    /// Whether `bytes` are UTF-8 from beginning to end.
    static func isValid(_ bytes: RawSpan) -> Bool {
        if Self.endOfASCII(bytes, from: 0) == bytes.byteCount { return true }
        var validator = Self()
        return validator.accept(bytes) && validator.isComplete
    }

    /// Takes the next bytes; false as soon as no continuation can make them right.
    mutating func accept(_ bytes: RawSpan) -> Bool {
        var position = 0
        while position < bytes.byteCount {
            if self.due == 0 {
                position = Self.endOfASCII(bytes, from: position)
                guard position < bytes.byteCount else { return true }
                guard self.begin(unsafe bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)) else {
                    return false
                }
            } else {
                let byte = unsafe bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
                guard byte >= self.low, byte <= self.high else { return false }
                (self.low, self.high) = (0x80, 0xBF)
                self.due -= 1
            }
            position += 1
        }
        return true
    }

    /// The first byte of a character of several.
    private mutating func begin(_ byte: UInt8) -> Bool {
        switch byte {
        case 0xC2...0xDF: self.due = 1
        case 0xE0: (self.due, self.low) = (2, 0xA0)
        case 0xED: (self.due, self.high) = (2, 0x9F)
        case 0xE1...0xEF: self.due = 2
        case 0xF0: (self.due, self.low) = (3, 0x90)
        case 0xF1...0xF3: self.due = 3
        case 0xF4: (self.due, self.high) = (3, 0x8F)
        default: return false
        }
        return true
    }

    /// Where the first byte that is not ASCII stands; 32 bytes a step, then 8, then 1.
    private static func endOfASCII(_ bytes: RawSpan, from start: Int) -> Int {
        // Proof for `unsafe`: these loads check their bounds; any bits are a SIMD vector or an integer.
        var position = start
        while bytes.byteCount - position >= 32 {
            let block = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: position, as: SIMD4<UInt64>.self)
            guard (block[0] | block[1] | block[2] | block[3]) & 0x8080_8080_8080_8080 == 0 else { break }
            position += 32
        }
        while bytes.byteCount - position >= 8 {
            let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self)
            guard word & 0x8080_8080_8080_8080 == 0 else { break }
            position += 8
        }
        while position < bytes.byteCount,
            unsafe bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self) < 0x80
        {
            position += 1
        }
        return position
    }
}

extension UTF8Validator {
    package mutating func accept(_ bytes: Bytes) -> Bool {
        unsafe bytes.withBytes { unsafe self.accept($0.bytes) }
    }
}
