// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Metrics

/// What a manager tells swift-metrics, under `freshet.` and with the source's label.
struct ManagerMetrics {
    private let label: String
    private let connects: Counter
    private let gaps: Counter
    private let polls: Counter
    private let roundTrip: Metrics.Timer
    private let waiting: Gauge
    private let oldest: Gauge

    init(label: String) {
        let dimensions = [("source", label)]
        self.label = label
        self.connects = Counter(label: "freshet.connects", dimensions: dimensions)
        self.gaps = Counter(label: "freshet.gaps", dimensions: dimensions)
        self.polls = Counter(label: "freshet.polls", dimensions: dimensions)
        self.roundTrip = Metrics.Timer(label: "freshet.round_trip", dimensions: dimensions)
        self.waiting = Gauge(label: "freshet.buffer.elements", dimensions: dimensions)
        self.oldest = Gauge(label: "freshet.buffer.oldest_age_seconds", dimensions: dimensions)
    }

    func connected() { self.connects.increment() }

    func dropped(because reason: String) {
        Counter(label: "freshet.drops", dimensions: [("source", self.label), ("reason", reason)]).increment()
    }

    func told(_ gap: Gap) { self.gaps.increment() }

    func polled() { self.polls.increment() }

    func answered(within time: Duration) {
        let (seconds, attoseconds) = time.components
        self.roundTrip.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    func measured(_ health: ConnectionHealth) {
        self.waiting.record(health.waitingElements)
        self.oldest.record(health.oldestAge.map { $0 / .seconds(1) } ?? 0)
    }
}
