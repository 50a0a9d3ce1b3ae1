// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Which documents a server still has, roughly: of a name that is not in it this is certain.
package struct FirestoreBloomFilter: Sendable {
    /// As the server sends it.
    package struct JSON: Decodable, Sendable {
        struct Bits: Decodable, Sendable { let bitmap: Data?, padding: Int? }
        let bits: Bits?
        let hashCount: Int?
    }

    private let bitmap: [UInt8]
    private let bitCount: UInt64
    private let hashCount: UInt64

    /// Nil for what is no filter, or an empty one.
    package init?(_ json: JSON) {
        self.init(
            bitmap: json.bits?.bitmap.map { Array($0) } ?? [],
            padding: json.bits?.padding ?? 0,
            hashCount: json.hashCount ?? 0
        )
    }

    package init?(bitmap: [UInt8], padding: Int, hashCount: Int) {
        guard (0..<8).contains(padding), (1...1024).contains(hashCount), bitmap.count * 8 > padding else { return nil }
        self.bitmap = bitmap
        self.bitCount = UInt64(bitmap.count * 8 - padding)
        self.hashCount = UInt64(hashCount)
    }

    /// Whether it may be in it.
    ///
    /// - Parameter name: a document's full name.
    /// - Returns: false: it certainly is not.
    package func mayContain(_ name: String) -> Bool {
        let digest = MD5.digest(of: Array(name.utf8))
        let (first, second) = (Self.number(digest[0..<8]), Self.number(digest[8..<16]))
        for index in 0..<self.hashCount {
            let bit = (first &+ index &* second) % self.bitCount
            guard self.bitmap[Int(bit / 8)] & (1 << UInt8(bit % 8)) != 0 else { return false }
        }
        return true
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
