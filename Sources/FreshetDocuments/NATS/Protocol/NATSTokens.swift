// SPDX-License-Identifier: Apache-2.0

/// The words of a line of the protocol, one after another, without a copy.
struct NATSTokens {
    private let line: UnsafeRawBufferPointer
    private var place = 0

    init(_ line: UnsafeRawBufferPointer) {
        self.line = line
    }

    mutating func next() -> Range<Int>? {
        while self.place < self.line.count, Self.isSpace(self.line[self.place]) { self.place += 1 }
        let start = self.place
        while self.place < self.line.count, !Self.isSpace(self.line[self.place]) { self.place += 1 }
        return start == self.place ? nil : start..<self.place
    }

    static func isWord(_ bytes: Slice<UnsafeRawBufferPointer>, _ word: StaticString) -> Bool {
        word.withUTF8Buffer { bytes.elementsEqual($0) }
    }

    /// A number without a sign; nil for anything else, and for one that is too large.
    static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> UInt64? {
        guard !digits.isEmpty, digits.count < 20 else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            number = number * 10 + UInt64(digit - 0x30)
        }
        return number
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
