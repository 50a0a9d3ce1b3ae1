// SPDX-License-Identifier: Apache-2.0

/// Makes keys that are in the order of time: 8 letters of milliseconds, 12 by chance; within one millisecond the next one after
/// the last.
package struct RealtimePushKey: Sendable {
    /// In the order of their codes.
    private static let letters = Array("-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz".utf8)

    private var lastTime: Int64 = -1
    private var chance = [Int](repeating: 0, count: 12)

    package init() {}

    /// The next key.
    ///
    /// - Parameters:
    ///   - time: now, in milliseconds since 1970. One that goes back is taken for the last one.
    ///   - random: a number in 0..<64.
    /// - Returns: the key.
    package mutating func next(at time: Int64, random: () -> Int) -> String {
        if time > self.lastTime {
            self.lastTime = time
            for place in self.chance.indices { self.chance[place] = random() & 63 }
        } else {
            for place in self.chance.indices.reversed() {
                self.chance[place] = (self.chance[place] + 1) & 63
                if self.chance[place] != 0 { break }
            }
        }
        let stamp = (0..<8).map { Int(self.lastTime >> Int64(6 * (7 - $0)) & 63) }
        return String(decoding: (stamp + self.chance).map { Self.letters[$0] }, as: UTF8.self)
    }
}
