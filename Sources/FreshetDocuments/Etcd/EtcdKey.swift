// SPDX-License-Identifier: Apache-2.0

/// etcd's keys are bytes, ours are text.
///
/// Bytes that are UTF-8 are that text. Every other byte, 0x80 to 0xFF, becomes one scalar of the private use area, U+F780 to
/// U+F7FF; where these very scalars stand in a key, their three bytes do. So each key has a text of its own, and the text
/// leads back to the key.
package enum EtcdKey {
    private static let escapes: ClosedRange<UInt32> = 0xF780...0xF7FF

    /// The text of a key.
    ///
    /// - Parameter bytes: the key.
    /// - Returns: the text.
    package static func text(_ bytes: [UInt8]) -> String {
        if !self.mayHoldEscapes(bytes), let text = String(validating: bytes, as: UTF8.self) { return text }
        var text = String.UnicodeScalarView()
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var place = 0
        while true {
            switch parser.parseScalar(from: &iterator) {
            case .valid(let encoded):
                let scalar = Unicode.UTF8.decode(encoded)
                if self.escapes.contains(scalar.value) {
                    text.append(contentsOf: bytes[place..<place + encoded.count].compactMap(self.escape))
                } else {
                    text.append(scalar)
                }
                place += encoded.count
            case .error(let length):
                text.append(contentsOf: bytes[place..<place + length].compactMap(self.escape))
                place += length
            case .emptyInput:
                return String(text)
            }
        }
    }

    /// The key of a text.
    ///
    /// - Parameter text: the text.
    /// - Returns: the key.
    package static func bytes(_ text: String) -> [UInt8] {
        let utf8 = Array(text.utf8)
        guard self.mayHoldEscapes(utf8) else { return utf8 }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(utf8.count)
        for scalar in text.unicodeScalars {
            if self.escapes.contains(scalar.value) {
                bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            } else {
                bytes.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
            }
        }
        return bytes
    }

    private static func escape(_ byte: UInt8) -> Unicode.Scalar? { Unicode.Scalar(0xF700 + UInt32(byte)) }

    /// U+F780 to U+F7FF are the bytes EF 9E and EF 9F, and one more.
    private static func mayHoldEscapes(_ bytes: [UInt8]) -> Bool {
        zip(bytes, bytes.dropFirst()).contains { $0 == 0xEF && ($1 == 0x9E || $1 == 0x9F) }
    }
}
