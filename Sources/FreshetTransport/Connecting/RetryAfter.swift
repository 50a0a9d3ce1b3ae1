// SPDX-License-Identifier: Apache-2.0

/// The value of a Retry-After header: seconds or a date (RFC 9110 10.2.3).
package enum RetryAfter {
    private static let longest: Int64 = 86_400

    /// How long to wait, a day at most; nil for what cannot be understood. `now` counts seconds since 1970.
    package static func parse(_ text: String, now: Int64) -> Duration? {
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return .seconds(min(Int64(text) ?? Self.longest, Self.longest))
        }
        return Self.date(text).map { .seconds(min(max($0 - now, 0), Self.longest)) }
    }

    /// The preferred form of RFC 9110 5.6.7, as in `Sun, 06 Nov 1994 08:49:37 GMT`; the two others are no longer sent.
    private static func date(_ text: String) -> Int64? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let day = Int64(parts[1]), (1...31).contains(day),
            let month = months.firstIndex(of: String(parts[2])), let year = Int64(parts[3]),
            (1970...9999).contains(year)
        else { return nil }
        let clock = parts[4].split(separator: ":").compactMap { Int64($0) }
        guard clock.count == 3, clock.allSatisfy({ (0...60).contains($0) }), clock[0] < 24 else { return nil }
        // Days since 1970 in the Gregorian calendar, with years that begin in March.
        let shifted = Int64((month + 10) % 12)
        let y = shifted >= 10 ? year - 1 : year
        let days = y * 365 + y / 4 - y / 100 + y / 400 + (shifted * 153 + 2) / 5 + day - 1 - 719_468
        return days * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2]
    }
}
