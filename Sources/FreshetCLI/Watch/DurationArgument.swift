// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// A duration on the command line: `500ms`, `10s`, `2m`, `1h`; a bare number is seconds.
struct DurationArgument: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        let digits = argument.prefix { $0.isNumber || $0 == "." }
        guard let number = Double(digits), number > 0, number < 1e9 else { return nil }
        switch argument.dropFirst(digits.count) {
        case "ms": self.duration = .seconds(number / 1000)
        case "", "s": self.duration = .seconds(number)
        case "m": self.duration = .seconds(number * 60)
        case "h": self.duration = .seconds(number * 3600)
        default: return nil
        }
    }
}

/// How often to try again: a number, or `forever`.
struct RetryArgument: ExpressibleByArgument {
    /// nil: for ever.
    let limit: Int?

    init?(argument: String) {
        if argument == "forever" {
            self.limit = nil
        } else {
            guard let limit = Int(argument), limit >= 0 else { return nil }
            self.limit = limit
        }
    }
}
