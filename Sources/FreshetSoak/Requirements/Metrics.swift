// SPDX-License-Identifier: Apache-2.0

/// The figures that a requirement may name, by name. Times are in seconds.
package struct Metrics: Sendable, Hashable {
    /// What a figure is measured in.
    package enum Unit: Sendable, Hashable {
        case count, seconds, ratio
        /// A number of something for each hour.
        case perHour
        case bytes
    }

    /// All names but those of single faults (`recover[tcp.rst].p99`).
    package static let units: [String: Unit] = {
        var units: [String: Unit] = [
            "sent": .count, "delivered": .count, "lost": .count, "lost.declared": .count, "duplicates": .count,
            "reordered": .count, "stale": .count, "gaps": .count, "gaps.needless": .count, "resyncs": .count,
            "unchecked": .count, "breaches": .count, "faults": .count, "away": .count,
            "detect.late": .count, "surprises": .count, "disconnects.false": .count,
            "disconnects.false_per_hour": .perHour,
            "herd.peak_ratio": .ratio, "herd.arrivals": .count, "herd.back50": .seconds, "herd.back95": .seconds,
            "herd.back100": .seconds, "rate": .ratio, "slope": .perHour, "slope.in_use": .perHour,
            "slope.descriptors": .perHour,
            "memory.max": .bytes, "descriptors.max": .count, "refreshes": .count, "refreshes.per_expiry": .ratio,
            "expired_sent": .count, "attempts.per_recovery": .ratio,
        ]
        for name in ["detect", "recover", "latency"] {
            for quantile in quantiles.keys { units["\(name).\(quantile)"] = .seconds }
        }
        return units
    }()

    package static let quantiles = ["p50": 0.5, "p95": 0.95, "p99": 0.99, "p999": 0.999, "max": 1.0]

    private var values: [String: Double] = [:]

    /// All that were measured.
    package var all: [String: Double] { self.values }

    package init() {}

    /// nil: it was not measured.
    package subscript(name: String) -> Double? {
        get { self.values[name] }
        set { self.values[name] = newValue }
    }

    /// The unit of a name; nil when there is none such.
    package static func unit(of name: String) -> Unit? {
        if let unit = self.units[name] { return unit }
        guard let open = name.firstIndex(of: "["), let close = name.lastIndex(of: "]"), open < close else { return nil }
        let (kind, id) = (name[..<open], name[name.index(after: open)..<close])
        let rest = name[name.index(after: close)...]
        guard kind == "detect" || kind == "recover", FaultCatalogue.fault(String(id)) != nil, rest.first == "." else {
            return nil
        }
        return self.quantiles[String(rest.dropFirst())] == nil ? nil : .seconds
    }

    mutating func add(_ distribution: Distribution, as name: String) {
        for (quantile, share) in Self.quantiles {
            guard let us = quantile == "max" ? distribution.top : distribution.quantile(share) else { continue }
            self.values["\(name).\(quantile)"] = Double(us) / 1_000_000
        }
    }
}

extension Distribution {
    /// The greatest; nil where there is none.
    var top: Int? { self.count == 0 ? nil : self.greatest }
}
