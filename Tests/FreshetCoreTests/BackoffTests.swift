// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

struct BackoffTests {
    @Test(
        "The longest waits double up to the cap",
        arguments: [
            (1, 250), (2, 500), (3, 1000), (4, 2000), (5, 4000), (6, 8000), (7, 16_000), (8, 30_000), (9, 30_000),
            (100_000, 30_000),
        ]
    )
    func ceilings(attempt: Int, milliseconds: Int) {
        let ceiling = Duration.milliseconds(milliseconds)
        let backoff = Backoff()
        #expect(backoff.delay(attempt: attempt, jitter: 0.5) == ceiling / 2)
        let longest = backoff.delay(attempt: attempt, jitter: 1.0.nextDown)
        #expect(longest <= ceiling)
        #expect(longest > ceiling - .microseconds(1))
    }

    @Test("Jitter 0 does not wait at all", arguments: [1, 2, 8, 1000])
    func noJitter(attempt: Int) {
        #expect(Backoff().delay(attempt: attempt, jitter: 0) == .zero)
    }

    @Test("The floor comes on top of the jitter", arguments: [(0.0, 5000), (0.5, 7000)])
    func floor(jitter: Double, milliseconds: Int) {
        let delay = Backoff().delay(attempt: 5, jitter: jitter, floor: .seconds(5))
        #expect(delay == .milliseconds(milliseconds))
    }

    @Test("A floor above the cap is kept")
    func longFloor() {
        #expect(Backoff().delay(attempt: 8, jitter: 0.5, floor: .seconds(120)) == .seconds(135))
    }

    @Test("Attempts below 1 wait like the first", arguments: [0, -1, Int.min])
    func belowOne(attempt: Int) {
        #expect(Backoff().delay(attempt: attempt, jitter: 0.5) == .milliseconds(125))
    }

    @Test("Every number is a setting")
    func settings() {
        let backoff = Backoff(initial: .seconds(1), factor: 4, cap: .seconds(10))
        let waits = (1...4).map { backoff.delay(attempt: $0, jitter: 0.5) }
        #expect(waits == [.milliseconds(500), .seconds(2), .seconds(5), .seconds(5)])
        #expect(Backoff(initial: .seconds(60), cap: .seconds(10)).delay(attempt: 1, jitter: 0.5) == .seconds(5))
    }
}
