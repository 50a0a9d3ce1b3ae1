// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FreshetCLI

/// `DurationArgument` and `RetryArgument`.
struct DurationArgumentTests {
    @Test(
        "Units are ms, s, m and h; a bare number is seconds",
        arguments: [
            ("500ms", 500), ("1.5s", 1500), ("10s", 10_000), ("10", 10_000), ("0.5", 500), ("2m", 120_000),
            ("0.25m", 15_000), ("1h", 3_600_000), ("0.5h", 1_800_000), (".5s", 500),
        ]
    )
    func good(_ text: String, milliseconds: Int) {
        #expect(DurationArgument(argument: text)?.duration == .milliseconds(milliseconds))
    }

    @Test(
        "Anything else is refused",
        arguments: [
            "", "s", "ms", "-1s", "+1s", "0", "0s", "0.0h", "1d", "1 s", " 1s", "1s ", "1S", "1.2.3s", ".", "1,5s",
            "1e3s",
            "inf", "nan", "0x10", "½", "٣s", "10sm", "99999999999999999999", "1000000000s",
        ]
    )
    func bad(_ text: String) {
        #expect(DurationArgument(argument: text) == nil)
    }

    @Test("Retries are a number or forever")
    func retries() throws {
        #expect(try #require(RetryArgument(argument: "0")).limit == 0)
        #expect(try #require(RetryArgument(argument: "12")).limit == 12)
        #expect(try #require(RetryArgument(argument: "forever")).limit == nil)
    }

    @Test(
        "Any other number of retries is refused",
        arguments: ["", "-1", "1.5", "many", "Forever", " 1", "1 ", "99999999999999999999"]
    )
    func badRetries(_ text: String) {
        #expect(RetryArgument(argument: text) == nil)
    }
}
