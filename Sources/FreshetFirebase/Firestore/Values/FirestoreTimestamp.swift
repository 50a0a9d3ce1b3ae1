// SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// A point in time, to the nanosecond: from the year 1 to the end of 9999, as Firestore has them. It stores microseconds and cuts
/// off what is finer.
public struct FirestoreTimestamp: Sendable, Hashable {
    /// Whole seconds since 1970 (UTC), towards the past.
    public let seconds: Int64
    /// What comes after them: 0 to 999,999,999.
    public let nanoseconds: Int32

    /// The first second of the year 1, and the last of 9999.
    static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    /// Makes a timestamp; nil outside of the years that Firestore has, or for more nanoseconds than a second has.
    ///
    /// - Parameters:
    ///   - seconds: since 1970.
    ///   - nanoseconds: after them.
    public init?(seconds: Int64, nanoseconds: Int32 = 0) {
        guard Self.range.contains(seconds), (0..<1_000_000_000).contains(nanoseconds) else { return nil }
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Makes a timestamp of a date, to the microsecond: a `Date` of our time does not know it any better. Nil outside of the years
    /// that Firestore has.
    ///
    /// - Parameter date: the date.
    public init?(_ date: Date) {
        let interval = date.timeIntervalSince1970
        guard interval.isFinite, abs(interval) < 1e12 else { return nil }
        // Date counts from 2001: whole seconds are split off there, so that the fraction keeps all its bits.
        let reference = date.timeIntervalSinceReferenceDate
        let whole = reference.rounded(.down)
        let micros = ((reference - whole) * 1_000_000).rounded()
        let carry: Int64 = micros >= 1_000_000 ? 1 : 0
        self.init(
            seconds: Int64(whole) + Int64(Date.timeIntervalBetween1970AndReferenceDate) + carry,
            nanoseconds: carry == 1 ? 0 : Int32(micros) * 1000
        )
    }

    /// The same as a date.
    public var date: Date {
        let whole = Double(self.seconds) - Date.timeIntervalBetween1970AndReferenceDate
        return Date(timeIntervalSinceReferenceDate: whole + Double(self.nanoseconds) / 1_000_000_000)
    }
}

extension FirestoreTimestamp: Comparable {
    /// Whether one is before the other.
    public static func < (left: FirestoreTimestamp, right: FirestoreTimestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}

// MARK: - As text (RFC 3339)

extension FirestoreTimestamp: LosslessStringConvertible {
    /// As Firestore writes it: `2024-01-02T03:04:05.123456Z`, with 0, 3, 6 or 9 digits after the point.
    public var description: String {
        let (days, rest) = self.seconds.flooredDivision(by: 86_400)
        let (year, month, day) = Self.civil(days)
        func padded(_ value: Int64, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(width - digits.count, 0)) + digits
        }
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        let time = "\(padded(rest / 3600, 2)):\(padded(rest / 60 % 60, 2)):\(padded(rest % 60, 2))"
        guard self.nanoseconds > 0 else { return "\(date)T\(time)Z" }
        let nanos = padded(Int64(self.nanoseconds), 9)
        let width = nanos.hasSuffix("000000") ? 3 : nanos.hasSuffix("000") ? 6 : 9
        return "\(date)T\(time).\(nanos.prefix(width))Z"
    }

    /// Reads RFC 3339, with `Z` or an offset, and up to nine digits after the point; nil for what is none, or not within
    /// Firestore's years.
    ///
    /// - Parameter text: the text.
    public init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        guard let year = Self.number(&rest, 4), Self.skip(&rest, "-"), let month = Self.number(&rest, 2),
            Self.skip(&rest, "-"), let day = Self.number(&rest, 2), Self.skip(&rest, "T") || Self.skip(&rest, "t"),
            let hour = Self.number(&rest, 2), Self.skip(&rest, ":"), let minute = Self.number(&rest, 2),
            Self.skip(&rest, ":"), let second = Self.number(&rest, 2), year >= 1, (1...12).contains(month),
            (1...Self.days(in: month, year)).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        var nanos: Int64 = 0
        if Self.skip(&rest, ".") {
            let digits = rest.prefix { $0.isDigit }
            guard (1...9).contains(digits.count), var fraction = Self.number(&rest, digits.count) else { return nil }
            for _ in digits.count..<9 { fraction *= 10 }
            nanos = fraction
        }
        guard let offset = Self.offset(&rest), rest.isEmpty else { return nil }
        let seconds = Self.days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
        self.init(seconds: seconds, nanoseconds: Int32(nanos))
    }

    private static func offset(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        if Self.skip(&rest, "Z") || Self.skip(&rest, "z") { return 0 }
        let isEast = Self.skip(&rest, "+")
        guard isEast || Self.skip(&rest, "-"), let hours = Self.number(&rest, 2), Self.skip(&rest, ":"),
            let minutes = Self.number(&rest, 2), hours < 24, minutes < 60
        else { return nil }
        return (isEast ? 1 : -1) * (hours * 3600 + minutes * 60)
    }

    private static func skip(_ rest: inout ArraySlice<UInt8>, _ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private static func number(_ rest: inout ArraySlice<UInt8>, _ width: Int) -> Int64? {
        let digits = rest.prefix(width)
        guard digits.count == width, digits.allSatisfy(\.isDigit) else { return nil }
        rest = rest.dropFirst(width)
        return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }

    // The calendar's days by whole numbers: eras of 400 years, which begin in March so that a leap day is their last.

    /// Year, month and day of the day that is so many after 1970-01-01.
    private static func civil(_ days: Int64) -> (Int64, Int64, Int64) {
        let (era, dayOfEra) = (days + 719_468).flooredDivision(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let (era, yearOfEra) = (month <= 2 ? year - 1 : year).flooredDivision(by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func days(in month: Int64, _ year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension Int64 {
    fileprivate func flooredDivision(by divisor: Int64) -> (Int64, Int64) {
        let (quotient, rest) = self.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}

extension FirestoreTimestamp: Codable {
    /// Reads it from a document; from any other format as its text.
    ///
    /// - Parameter decoder: where to read from.
    /// - Throws: `DecodingError` for what is none.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let timestamp = FirestoreTimestamp(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a timestamp (RFC 3339)")
        }
        self = timestamp
    }

    /// Writes it into a document; into any other format as its text.
    ///
    /// - Parameter encoder: where to write to.
    /// - Throws: what the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}
