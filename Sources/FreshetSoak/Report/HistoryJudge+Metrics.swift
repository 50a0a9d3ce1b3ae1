// SPDX-License-Identifier: Apache-2.0

extension RunFigures {
    /// Of all faults together.
    package var detect: Distribution { self.merged(\.detect) }
    package var recover: Distribution { self.merged(\.recover) }

    private func merged(_ path: KeyPath<OfFault, Distribution>) -> Distribution {
        var all = Distribution()
        for of in self.faults.values { all.merge(of[keyPath: path]) }
        return all
    }
}

extension HistoryJudge {
    /// Every figure, by name. What was not measured is not in it.
    static func metrics(_ oracle: HistoryOracle, _ figures: RunFigures) -> Metrics {
        var metrics = Metrics()
        let tally = oracle.findings.tally
        let counts = [
            "sent": tally.sent, "delivered": tally.delivered, "lost": tally.lost, "lost.declared": tally.lostDeclared,
            "duplicates": tally.duplicates, "reordered": tally.reordered, "stale": tally.stale, "gaps": tally.gaps,
            "gaps.needless": tally.needlessGaps, "resyncs": tally.resyncs, "unchecked": tally.unchecked,
            "breaches": oracle.findings.total, "refreshes": tally.refreshes, "expired_sent": tally.expiredSent,
            "faults": figures.faults.values.reduce(0) { $0 + $1.injected },
            "away": figures.faults.reduce(0) { $0 + (FaultCatalogue.endsStreams($1.key) ? 0 : $1.value.away) },
            "detect.late": figures.faults.values.reduce(0) { $0 + $1.late },
            "disconnects.false": figures.falseDisconnects,
            "surprises": figures.faults.values.reduce(0) { $0 + $1.surprises },
        ]
        for (name, count) in counts { metrics[name] = Double(count) }
        let seconds = Double(figures.us) / 1_000_000
        if seconds > 0 {
            metrics["rate"] = Double(tally.delivered) / seconds
            metrics["disconnects.false_per_hour"] = Double(figures.falseDisconnects) / seconds * 3600
        }
        if tally.tokensReplaced > 0 {
            metrics["refreshes.per_expiry"] = Double(tally.refreshes) / Double(tally.tokensReplaced)
        }
        metrics.add(figures.detect, as: "detect")
        metrics.add(figures.recover, as: "recover")
        metrics.add(figures.latency, as: "latency")
        let attempts = figures.faults.values.reduce(0) { $0 + $1.attempts }
        if figures.recover.count > 0 {
            metrics["attempts.per_recovery"] = Double(attempts) / Double(figures.recover.count)
        }
        for (id, of) in figures.faults {
            metrics.add(of.detect, as: "detect[\(id)]")
            metrics.add(of.recover, as: "recover[\(id)]")
        }
        if let herd = figures.herd {
            metrics["herd.arrivals"] = Double(herd.total)
            metrics["herd.peak_ratio"] = herd.peakRatio
            for (name, share) in [("50", 0.5), ("95", 0.95), ("100", 1)] {
                metrics["herd.back\(name)"] = herd.back(share).map { Double($0) / 1_000_000 }
            }
        }
        metrics["slope"] = oracle.processes.values.compactMap(\.megabytesPerHour).max()
        metrics["slope.in_use"] = oracle.processes.values.compactMap(\.inUsePerHour).max()
        metrics["slope.descriptors"] = oracle.processes.values.compactMap(\.descriptorsPerHour).max()
        metrics["memory.max"] = figures.samples.values.map { Double($0.maxResident) }.max()
        metrics["descriptors.max"] = figures.samples.values.map { Double($0.maxDescriptors) }.max()
        return metrics
    }
}
