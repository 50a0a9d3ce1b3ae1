// SPDX-License-Identifier: Apache-2.0

import FreshetTransport

/// A server's Retry-After: never more than a day, and dates as they are.
struct RetryAfterCheck {
    private static let now: Int64 = 1_700_000_000
    private static let day: Int64 = 86_400

    private let input: UpgradeInput

    init(_ input: UpgradeInput) {
        self.input = input
    }

    func run() throws(Finding) {
        if let text = self.input["retry-after"], let delay = RetryAfter.parse(text, now: Self.now) {
            try require((.zero ... .seconds(Self.day)).contains(delay), "\(text) is a delay of \(delay)")
            if let seconds = UInt32(text) {
                try require(delay == .seconds(min(Int64(seconds), Self.day)), "\(text) is a delay of \(delay)")
            }
        }
        // A moment, written as a date and read again.
        if let moment = self.input["fuzz-time"].flatMap({ UInt32($0) }) {
            let text = Self.date(Int64(moment))
            let delay = RetryAfter.parse(text, now: Int64(moment) - 1000)
            try require(delay == .seconds(1000), "\(text) is \(String(describing: delay)), not 1000 seconds")
        }
    }

    /// Counts days, where ours calculates.
    private static func date(_ seconds: Int64) -> String {
        let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        var days = seconds / Self.day
        var year: Int64 = 1970
        func isLeap() -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
        while days >= (isLeap() ? 366 : 365) {
            days -= isLeap() ? 366 : 365
            year += 1
        }
        var month = 0
        let lengths = [31, isLeap() ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as [Int64]
        while days >= lengths[month] {
            days -= lengths[month]
            month += 1
        }
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let time = seconds % Self.day
        let clock = [time / 3600, time / 60 % 60, time % 60].map(two).joined(separator: ":")
        return "Thu, \(two(days + 1)) \(names[month]) \(year) \(clock) GMT"
    }
}
