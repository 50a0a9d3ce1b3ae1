// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Cuts the body of a WebChannel answer into its payloads: each is its length in decimal, a newline, and then so many UTF-16 units.
///
/// Bytes may come cut anywhere, also inside a character. A character of four bytes is two units; every other one is one.
package struct WebChannelDecoder: Sendable {
    package enum Failure: Error, Equatable {
        /// What should be a length is none: most likely this is another server's page.
        case noLength
        /// The length ends inside a character, or bytes are not UTF-8.
        case notText
        case tooLong
    }

    /// What one payload may have: more than the largest document, many times over.
    private static let limit = 64 << 20

    private var digits = 0
    private var length = 0
    private var isInPayload = false
    private var unitsLeft = 0
    /// Bytes of the present character that are still to come.
    private var continuation = 0
    private var payload: [UInt8] = []

    package init() {}

    /// Whether nothing is begun and not ended.
    package var isBetweenPayloads: Bool { !self.isInPayload && self.digits == 0 }

    /// Takes bytes.
    ///
    /// - Parameter bytes: what came.
    /// - Returns: the payloads that are complete now.
    /// - Throws: what is wrong with them: nothing that comes later can be understood then.
    package mutating func decode(_ bytes: Bytes) throws(Failure) -> [Bytes] {
        var payloads: [Bytes] = []
        var position = 0
        while position < bytes.count {
            if self.isInPayload {
                position = try self.takePayload(bytes, from: position)
                guard self.unitsLeft == 0, self.continuation == 0 else { break }
                payloads.append(Bytes(copying: self.payload))
                self.payload = []
                self.isInPayload = false
            } else {
                try self.takeLength(bytes[position])
                position += 1
            }
        }
        return payloads
    }

    private mutating func takeLength(_ byte: UInt8) throws(Failure) {
        switch byte {
        case 0x30...0x39 where self.digits < 9:
            self.digits += 1
            self.length = self.length * 10 + Int(byte - 0x30)
        case 0x0A where self.digits > 0 && self.length > 0:
            guard self.length <= Self.limit else { throw .tooLong }
            (self.isInPayload, self.unitsLeft) = (true, self.length)
            (self.digits, self.length) = (0, 0)
        default: throw .noLength
        }
    }

    /// Takes what belongs to the payload, and says where that ends.
    private mutating func takePayload(_ bytes: Bytes, from start: Int) throws(Failure) -> Int {
        let end = try bytes.withBytes { (bytes) throws(Failure) -> Int in
            var position = start
            while position < bytes.count, self.unitsLeft > 0 || self.continuation > 0 {
                try self.count(bytes[position])
                position += 1
            }
            self.payload.append(contentsOf: bytes[start..<position])
            return position
        }
        return end
    }

    private mutating func count(_ byte: UInt8) throws(Failure) {
        if self.continuation > 0 {
            guard byte & 0xC0 == 0x80 else { throw .notText }
            self.continuation -= 1
            return
        }
        switch byte {
        case 0x00...0x7F: self.unitsLeft -= 1
        case 0xC2...0xDF: (self.unitsLeft, self.continuation) = (self.unitsLeft - 1, 1)
        case 0xE0...0xEF: (self.unitsLeft, self.continuation) = (self.unitsLeft - 1, 2)
        case 0xF0...0xF4: (self.unitsLeft, self.continuation) = (self.unitsLeft - 2, 3)
        default: throw .notText
        }
        guard self.unitsLeft >= 0 else { throw .notText }
    }
}
