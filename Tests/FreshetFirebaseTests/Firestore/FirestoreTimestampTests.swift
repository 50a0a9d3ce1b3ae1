// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetFirebase
import Testing

struct FirestoreTimestampTests {
    @Test(
        "Times are written in RFC 3339 with no more digits than they need",
        arguments: [
            (0, 0, "1970-01-01T00:00:00Z"),
            (0, 1, "1970-01-01T00:00:00.000000001Z"),
            (0, 120_000_000, "1970-01-01T00:00:00.120Z"),
            (0, 120_000, "1970-01-01T00:00:00.000120Z"),
            (951_782_400, 0, "2000-02-29T00:00:00Z"),
            (-62_135_596_800, 0, "0001-01-01T00:00:00Z"),
            (253_402_300_799, 999_999_999, "9999-12-31T23:59:59.999999999Z"),
            (-1, 999_999_999, "1969-12-31T23:59:59.999999999Z"),
        ]
    )
    func text(_ seconds: Int64, _ nanoseconds: Int32, _ text: String) throws {
        let time = try #require(FirestoreTimestamp(seconds: seconds, nanoseconds: nanoseconds))
        #expect(time.description == text)
        #expect(FirestoreTimestamp(text) == time)
    }

    @Test("Every day from 1800 to 2200 has a text that is read as that day")
    func calendar() throws {
        // 400 years are all cases of the calendar.
        var (year, month, day) = (1800, 1, 1)
        for days in -62_091..<84_006 {
            let time = try #require(FirestoreTimestamp(seconds: Int64(days) * 86_400 + 86_399))
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
            let text = "\(year)-\(two(month))-\(two(day))T23:59:59Z"
            guard time.description == text, FirestoreTimestamp(text) == time else {
                Issue.record("\(text) is written \(time)")
                return
            }
            day += 1
            let length = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
            if day > length { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect((year, month, day) == (2200, 1, 1))
    }

    @Test(
        "What is no time is refused",
        arguments: [
            "", "2024", "2024-01-02", "2024-01-02T03:04:05", "2024-01-02 03:04:05Z", "2024-13-02T03:04:05Z",
            "2024-00-02T03:04:05Z", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2024-01-02T24:00:00Z",
            "2024-01-02T03:60:05Z", "2024-01-02T03:04:60Z", "2024-01-02T03:04:05.Z", "2024-01-02T03:04:05.1234567890Z",
            "2024-01-02T03:04:05Zx", "2024-01-02T03:04:05+0100", "2024-01-02T03:04:05+25:00", "0000-01-01T00:00:00Z",
            "10000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01",
            "９999-01-01T00:00:00Z", "-001-01-01T00:00:00Z",
        ]
    )
    func refused(_ text: String) {
        #expect(FirestoreTimestamp(text) == nil)
    }

    @Test("Dates come through to the microsecond")
    func dates() throws {
        for micros in [0, 1, 123_456, 499_999, 500_000, 999_999] {
            let times: [Int64] = [-62_135_596_800, -1, 0, 978_307_199, 978_307_200, 1_704_164_645, 253_402_300_799]
            for seconds in times {
                let time = try #require(FirestoreTimestamp(seconds: seconds, nanoseconds: Int32(micros * 1000)))
                // Far from 2001 a Date does not know a microsecond.
                let isNear = abs(seconds - 978_307_200) < 4_000_000_000
                if isNear || micros == 0 { #expect(FirestoreTimestamp(time.date) == time) }
            }
        }
        #expect(FirestoreTimestamp(Date(timeIntervalSince1970: .infinity)) == nil)
        #expect(FirestoreTimestamp(Date(timeIntervalSince1970: 1e300)) == nil)
        #expect(FirestoreTimestamp(Date(timeIntervalSince1970: 253_402_300_800)) == nil)
    }

    @Test("Later is greater")
    func order() throws {
        let times = try ["1969-12-31T23:59:59.9Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000001Z"]
            .map { try #require(FirestoreTimestamp($0)) }
        #expect(times.sorted().map(\.description) == times.map(\.description))
        #expect(times[0] < times[1] && times[1] < times[2])
    }
}
