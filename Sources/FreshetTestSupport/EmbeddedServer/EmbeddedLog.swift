// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// The log behind `events`: elements 1, 2, 3, … for the whole server. It goes on by itself, at an even pace, and nothing of it
/// is ever lost, not by a restart of the server either.
///
/// What is in it is a matter of the clock alone, so it needs no memory, and a test can say without asking which elements
/// there are and when each of them came.
package struct EmbeddedLog: Sendable {
    /// How many elements have different keys.
    package static let keys = 1000

    package let perSecond: Int
    private let began = ContinuousClock.now
    private let end = Locked<Int?>(nil)

    package init(perSecond: Int) {
        self.perSecond = min(max(perSecond, 1), 1_000_000)
    }

    /// The newest element; 0 when there is none.
    package func last(at now: ContinuousClock.Instant = .now) -> Int {
        let (seconds, attoseconds) = (now - self.began).components
        let last = Int(seconds) * self.perSecond + Int(attoseconds / 1_000_000_000) * self.perSecond / 1_000_000_000
        return min(last, self.end.withLock { $0 } ?? last)
    }

    /// Nothing more comes.
    package func stop() {
        let last = self.last()
        self.end.withLock { $0 = $0 ?? last }
    }

    /// When an element came.
    package func appeared(_ n: Int) -> ContinuousClock.Instant {
        self.began + .seconds(n / self.perSecond)
            + .nanoseconds((n % self.perSecond) * 1_000_000_000 / self.perSecond)
    }

    /// The key of an element.
    package static func key(of n: Int) -> Int { n % self.keys }

    /// The element's number among those of its key, from 1.
    package static func place(of n: Int) -> Int { (n - 1) / self.keys + 1 }
}
