// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What a manager counts and measures: for `ConnectionHealth`, and for swift-metrics.
struct ManagerFigures {
    typealias Epoch = ConnectionMachine.Epoch

    private let metrics: ManagerMetrics
    private var health = ConnectionHealth()
    private var openedAt: [Epoch: Duration] = [:]
    private var lastHeard: Duration?
    private var lastMeasured: Duration = .zero

    init(label: String) {
        self.metrics = ManagerMetrics(label: label)
    }

    mutating func report(_ state: ConnectionState) { self.health.state = state }

    mutating func opened(_ epoch: Epoch, at now: Duration) { self.openedAt[epoch] = now }

    mutating func acknowledged(_ epoch: Epoch, at now: Duration) {
        self.health.connects += 1
        self.metrics.connected()
        // A first measure: on a busy connection there is never a need to ping.
        if let opened = self.openedAt.removeValue(forKey: epoch) { self.answered(after: now - opened) }
    }

    mutating func answered(after time: Duration) {
        self.health.roundTrip = time
        self.metrics.answered(within: time)
    }

    mutating func heard(at now: Duration) { self.lastHeard = now }

    mutating func ended(_ epoch: Epoch, because error: FreshetError?, isLast: Bool) {
        self.openedAt[epoch] = nil
        if isLast { self.lastHeard = nil }
        guard let error else { return }
        self.health.drops[error.label, default: 0] += 1
        self.metrics.dropped(because: error.label)
    }

    mutating func told(_ gap: Gap) {
        self.health.gaps += 1
        self.metrics.told(gap)
    }

    mutating func polled() {
        self.health.polls += 1
        self.metrics.polled()
    }

    /// Whether the gauges of swift-metrics are to be set again, whether or not anybody asks for the health.
    mutating func isDue(at now: Duration) -> Bool {
        guard now - self.lastMeasured >= .seconds(5) else { return false }
        self.lastMeasured = now
        return true
    }

    /// How all is, given how far each consumer is behind.
    func measure(_ depths: [DeliveryDepth], at now: Duration) -> ConnectionHealth {
        var health = self.health
        health.feeds = depths.count
        health.quiet = self.lastHeard.map { now - $0 }
        for depth in depths {
            health.waitingElements += depth.elements
            health.waitingBytes += depth.bytes
            health.dropped += depth.dropped
            if let oldest = depth.oldest { health.oldestAge = max(health.oldestAge ?? .zero, now - oldest) }
        }
        self.metrics.measured(health)
        return health
    }
}
