// SPDX-License-Identifier: Apache-2.0

/// What went on over time, in as many equal parts as there is room for: when it is used up, two become one.
package struct Timeline: Sendable {
    /// One part of the time.
    package struct Part: Sendable, Hashable, Codable {
        package var elements = 0.0
        package var gaps = 0.0
        /// Clients that are live; that are on their way; that poll; that have given up or wait for credentials. On average.
        package var live = 0.0
        package var away = 0.0
        package var polling = 0.0
        package var failed = 0.0
    }

    package static let room = 400

    /// In µs.
    package private(set) var width = 250_000
    package private(set) var parts: [Part] = []
    private var current = Part()

    /// Counts something at a time, which may not be before an earlier one by more than a part.
    mutating func add(elements: Double = 0, gaps: Double = 0, us: Int) {
        self.advance(to: us)
        guard let last = self.parts.indices.last else { return }
        self.parts[last].elements += elements
        self.parts[last].gaps += gaps
    }

    /// The clients' phases from now on.
    mutating func set(_ phases: [ClientPhase: Int], us: Int) {
        self.advance(to: us)
        self.current = Part()
        for (phase, count) in phases {
            switch phase {
            case .live, .degraded: self.current.live += Double(count)
            case .idle, .connecting, .waiting, .suspended, .closing: self.current.away += Double(count)
            case .polling: self.current.polling += Double(count)
            case .failed, .needsCredentials: self.current.failed += Double(count)
            }
        }
        guard let last = self.parts.indices.last else { return }
        let old = self.parts[last]
        self.parts[last] = self.current
        self.parts[last].elements = old.elements
        self.parts[last].gaps = old.gaps
    }

    private mutating func advance(to us: Int) {
        while us / self.width >= Self.room { self.halve() }
        while self.parts.count <= max(us, 0) / self.width { self.parts.append(self.current) }
    }

    private mutating func halve() {
        self.width *= 2
        self.parts = stride(from: 0, to: self.parts.count, by: 2).map { index in
            let one = self.parts[index]
            guard index + 1 < self.parts.count else { return one }
            let two = self.parts[index + 1]
            return Part(
                elements: one.elements + two.elements,
                gaps: one.gaps + two.gaps,
                live: (one.live + two.live) / 2,
                away: (one.away + two.away) / 2,
                polling: (one.polling + two.polling) / 2,
                failed: (one.failed + two.failed) / 2
            )
        }
    }
}
