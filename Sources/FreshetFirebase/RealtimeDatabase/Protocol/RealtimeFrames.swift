// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// How a message of the protocol becomes frames: one, or their number and then its segments.
package enum RealtimeFrames {
    /// The longest frame, in units of UTF-16.
    package static let limit = 16_384

    /// The frames of a message. None ends within a letter.
    ///
    /// - Parameters:
    ///   - message: the text's UTF-8.
    ///   - limit: the longest frame, in units of UTF-16.
    /// - Returns: the frames, in order.
    package static func split(_ message: Bytes, limit: Int = Self.limit) -> [Bytes] {
        // There are never more units than bytes.
        guard message.count > limit else { return [message] }
        var segments: [Bytes] = []
        var start = 0
        var units = 0
        for place in 0..<message.count {
            let more = Self.units(message[place])
            if units + more > limit {
                segments.append(message[start..<place])
                (start, units) = (place, 0)
            }
            units += more
        }
        segments.append(message[start..<message.count])
        return segments.count == 1 ? segments : [Bytes(copying: "\(segments.count)".utf8)] + segments
    }

    /// How many units of UTF-16 a letter has that begins with this byte; of a byte within a letter none.
    private static func units(_ byte: UInt8) -> Int { byte & 0xC0 == 0x80 ? 0 : byte >= 0xF0 ? 2 : 1 }
}

/// Puts messages together of the frames that they come in.
package struct RealtimeAssembler: Sendable {
    package enum Failure: Error, Equatable {
        case malformed(String)
        case tooLarge(limit: Int)
    }

    /// How large a message may be, in bytes.
    private let limit: Int
    /// How many segments are still to come.
    private var missing = 0
    private var segments: [Bytes] = []
    private var size = 0

    package init(limit: Int) { self.limit = limit }

    /// Takes a frame.
    ///
    /// - Parameter frame: its text.
    /// - Returns: the message that it completes; nil where more is to come, and after what means nothing.
    /// - Throws: what is wrong with it.
    package mutating func take(_ frame: Bytes) throws(Failure) -> Bytes? {
        if self.missing == 0 {
            guard let count = Self.count(frame) else {
                guard frame.count <= self.limit else { throw .tooLarge(limit: self.limit) }
                return frame.count == 0 ? nil : frame
            }
            guard count >= 0 else { throw .malformed("a message of \(count) segments") }
            // Of none, as a keep-alive, there is nothing to wait for.
            (self.missing, self.segments, self.size) = (count, [], 0)
            return nil
        }
        self.size += frame.count
        // Segments without anything in them must not be kept by the million.
        guard self.size <= self.limit, self.segments.count < self.limit else { throw .tooLarge(limit: self.limit) }
        self.segments.append(frame)
        self.missing -= 1
        guard self.missing == 0 else { return nil }
        defer { self.segments = [] }
        return Bytes.joined(self.segments)
    }

    /// The number that a short frame is; nil of another.
    private static func count(_ frame: Bytes) -> Int? { (1...6).contains(frame.count) ? Int(frame.text) : nil }
}
