// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// What a run must come to: `lost==0`, `recover.p99<=5s`, `slope<=1`, `recover[tcp.rst].p99<500ms`.
package struct Requirement: Sendable, Hashable {
    package enum Comparison: String, Sendable, Hashable, CaseIterable {
        // The longer ones first: `<=` begins as `<` does.
        case equal = "==", notEqual = "!=", atMost = "<=", atLeast = ">=", below = "<", above = ">"

        func holds(_ left: Double, _ right: Double) -> Bool {
            switch self {
            case .equal: left == right
            case .notEqual: left != right
            case .atMost: left <= right
            case .atLeast: left >= right
            case .below: left < right
            case .above: left > right
            }
        }
    }

    /// As it was written, without spaces.
    package let text: String
    package let metric: String
    package let comparison: Comparison
    /// Times in seconds, sizes in bytes.
    package let value: Double

    /// Reads a requirement.
    ///
    /// - Throws: `.invalidInput`, which says what is wrong with it and which names there are.
    package init(_ text: String) throws(FreshetError) {
        let text = String(text.filter { !$0.isWhitespace })
        let close = text.lastIndex(of: "]") ?? text.startIndex
        guard let start = text[close...].firstIndex(where: { "=!<>".contains($0) }),
            let comparison = Comparison.allCases.first(where: { text[start...].hasPrefix($0.rawValue) })
        else {
            throw Self.error(text, "it compares nothing", hint: "write it as in lost==0 or recover.p99<=5s")
        }
        let metric = String(text[..<start])
        let value = String(text[start...].dropFirst(comparison.rawValue.count))
        guard let unit = Metrics.unit(of: metric) else {
            throw Self.error(text, "there is no figure \(metric)", hint: Self.names(like: metric))
        }
        guard let number = Self.number(value, unit) else {
            throw Self.error(text, "\(value.isEmpty ? "nothing" : value) is not \(Self.expected(unit))", hint: nil)
        }
        self.text = text
        self.metric = metric
        self.comparison = comparison
        self.value = number
    }

    /// Whether it is met. What was not measured does not meet anything.
    package func result(of metrics: Metrics) -> RequirementResult {
        let actual = metrics[self.metric]
        let isMet = actual.map { self.comparison.holds($0, self.value) } ?? false
        return RequirementResult(text: self.text, actual: actual, isMet: isMet)
    }

    private static func number(_ text: String, _ unit: Metrics.Unit) -> Double? {
        let digits = text.prefix { $0.isNumber || $0 == "." }
        guard let number = Double(digits), number.isFinite else { return nil }
        let scale: [String: Double] =
            switch unit {
            case .seconds: ["us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600]
            case .bytes: ["": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1024, "MiB": 1_048_576, "GiB": 1_073_741_824]
            case .count, .ratio, .perHour: ["": 1]
            }
        return scale[String(text.dropFirst(digits.count))].map { number * $0 }
    }

    private static func expected(_ unit: Metrics.Unit) -> String {
        switch unit {
        case .seconds: "a time with its unit, as in 500ms or 5s"
        case .bytes: "a size, as in 64MB"
        case .count, .ratio, .perHour: "a number without a unit"
        }
    }

    private static func names(like metric: String) -> String {
        let prefix = metric.prefix { $0 != "." && $0 != "[" }
        let all = Metrics.units.keys.sorted()
        let near = all.filter { $0.hasPrefix(prefix) }
        return "there are \((near.isEmpty ? all : near).joined(separator: ", "))"
    }

    private static func error(_ text: String, _ what: String, hint: String?) -> FreshetError {
        FreshetError(.invalidInput, "The requirement \"\(text)\" cannot be read: \(what).", hint: hint)
    }
}

/// What came of a requirement.
package struct RequirementResult: Sendable, Hashable, Codable {
    package var text: String
    /// nil: it was not measured.
    package var actual: Double?
    package var isMet: Bool
}
