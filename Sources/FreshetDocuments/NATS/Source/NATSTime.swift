// SPDX-License-Identifier: Apache-2.0

/// Times as JetStream writes them (RFC 3339, in UTC, with up to nine digits after the point), as nanoseconds since 1970: a date of
/// Foundation would lose the last ones.
enum NATSTime {
    static func nanoseconds(_ text: String) -> UInt64? {
        guard text.hasSuffix("Z") || text.hasSuffix("z"), text.utf8.count >= 20 else { return nil }
        let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let seconds = Self.seconds(parts[0]) else { return nil }
        guard parts.count == 2 else { return seconds * 1_000_000_000 }
        guard (1...9).contains(parts[1].utf8.count), let fraction = Self.number(parts[1]) else { return nil }
        return seconds * 1_000_000_000 + (parts[1].utf8.count..<9).reduce(fraction) { digits, _ in digits * 10 }
    }

    /// `2026-01-31T23:59:60`.
    private static func seconds(_ text: Substring) -> UInt64? {
        let bytes = Array(text.utf8)
        guard bytes.count == 19, bytes[4] == 0x2D, bytes[7] == 0x2D, bytes[13] == 0x3A, bytes[16] == 0x3A else {
            return nil
        }
        let fields = [0..<4, 5..<7, 8..<10, 11..<13, 14..<16, 17..<19].map { range in
            Self.number(Substring(decoding: bytes[range], as: UTF8.self))
        }
        guard let year = fields[0], let month = fields[1], let day = fields[2], let hour = fields[3],
            let minute = fields[4], let second = fields[5], (1970...2500).contains(year), (1...12).contains(month),
            (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        return ((Self.days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
    }

    /// Days since 1970, in the calendar whose years begin in March, so that the leap day is the last of its year.
    private static func days(_ year: UInt64, _ month: UInt64, _ day: UInt64) -> UInt64 {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let ofEra = year - era * 400
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }

    private static func number(_ text: Substring) -> UInt64? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt64(text) : nil
    }
}
