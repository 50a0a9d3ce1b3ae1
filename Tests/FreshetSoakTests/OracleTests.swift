// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetSoak
import Testing

/// Short histories, each of one thing that the planted faults do not have.
struct OracleTests {
    /// The first lines of a history with one stream of one client, and the last ones of all that begin.
    private func history(
        promise: Continuity = .gapless,
        overflow: StreamOverflow = .suspending,
        published: Int = 10,
        transaction: ClosedRange<Int>? = nil,
        _ events: [HistoryEvent],
        ends: String? = nil
    ) -> [HistoryLine] {
        var all: [HistoryEvent] = [
            .run(facts: RunFacts(seed: 1, mode: "sim", began: "")), .client(client: 0, ends: ends),
            .stream(client: 0, stream: 0, source: "s", promise: promise, overflow: overflow),
            .subscribed(client: 0, stream: 0, after: 0),
        ]
        all += (1...published).map { n in
            let end = transaction.flatMap { $0.contains(n) ? $0.upperBound : nil }
            return .published(source: "s", key: "a", n: n, k: n, transaction: end)
        }
        all += events
        return all.enumerated().map { HistoryLine(us: $0.offset * 1000, $0.element) }
    }

    private func element(_ n: Int) -> HistoryEvent { .element(client: 0, stream: 0, n: n, key: "a", k: n) }
    private func elements(_ numbers: ClosedRange<Int>) -> [HistoryEvent] { numbers.map { self.element($0) } }
    private func gap(_ cause: Gap.Cause, _ count: Int? = nil) -> HistoryEvent {
        .gap(client: 0, stream: 0, cause: cause, count: count)
    }

    private func broken(_ lines: [HistoryLine]) -> [Invariant] {
        lines.broken.keys.sorted { $0.rawValue < $1.rawValue }
    }

    @Test("A gap in which nothing is missing is counted, and no breach")
    func needlessGap() {
        let report = self.history(
            self.elements(1...5) + [self.gap(.unknown)] + self.elements(6...10) + [.settled, .finished]
        )
        .judged()
        #expect(report.passed)
        #expect(report.tally.gaps == 1 && report.tally.needlessGaps == 1)
    }

    @Test("A state without a gap may take the place only of what a stream merges", arguments: [true, false])
    func merged(_ merges: Bool) {
        let begin: [HistoryEvent] = [
            .run(facts: RunFacts(seed: 1, mode: "local", began: "")), .client(client: 0),
            .stream(client: 0, stream: 0, source: "s", promise: .convergent, merges: merges ? true : nil),
        ]
        let published = (1...10).map { HistoryEvent.published(source: "s", key: "a", n: $0, k: $0) }
        let snapshots = [3, 8].map { HistoryEvent.snapshot(client: 0, stream: 0, covers: $0) }
        let rest = self.elements(9...10) + [.settled, .finished]
        let lines = (begin + published + snapshots + rest).enumerated().map {
            HistoryLine(us: $0.offset * 1000, $0.element)
        }
        #expect(self.broken(lines) == (merges ? [] : [.honestGaps]))
        // An element that is missing is lost all the same.
        let without = (begin + published + snapshots + [self.element(10), .settled, .finished]).enumerated().map {
            HistoryLine(us: $0.offset * 1000, $0.element)
        }
        #expect(self.broken(without).contains(.reliable))
    }

    @Test("A count must be right", arguments: [(2, true), (1, false), (3, false)])
    func counts(count: Int, isRight: Bool) {
        let events =
            self.elements(1...5) + [self.gap(.overflow, count)] + self.elements(8...10) + [.settled, .finished]
        #expect(self.broken(self.history(overflow: .dropOldest, events)) == (isRight ? [] : [.honestGaps]))
    }

    @Test("What is missing inside a gap is a breach where the stream has a position and the server still had it")
    func resumable() {
        let events = self.elements(1...5) + [self.gap(.unknown)] + self.elements(8...10) + [.settled, .finished]
        #expect(self.broken(self.history(events)) == [.resumable])
        #expect(self.broken(self.history(promise: .bestEffort, events)) == [])
        let forgotten = [HistoryEvent.forgot(source: "s", upTo: 7)] + events
        #expect(self.broken(self.history(forgotten)) == [])
    }

    @Test("A transaction that something interrupts is a breach")
    func atomic() {
        let torn = self.elements(1...3) + [.position(client: 0, stream: 0, upTo: 3)] + self.elements(4...10)
        #expect(self.broken(self.history(transaction: 3...5, torn + [.settled, .finished])) == [.atomic])
        let gap = self.elements(1...3) + [self.gap(.unknown)] + self.elements(4...10) + [.settled, .finished]
        #expect(self.broken(self.history(transaction: 3...5, gap)) == [.atomic])
        #expect(self.broken(self.history(transaction: 3...5, self.elements(1...10) + [.settled, .finished])) == [])
    }

    @Test("What is missing in the end is lost, unless a gap stands there")
    func tail() {
        let report = self.history(self.elements(1...7) + [.settled, .finished]).judged()
        #expect(report.tally.lost == 3)
        #expect(!report.passed)
        #expect(self.broken(self.history(self.elements(1...7) + [self.gap(.unknown), .settled, .finished])) == [])
    }

    @Test("What was never published is a breach, however late the log may be")
    func invented() {
        let late = [self.element(11), HistoryEvent.published(source: "s", key: "a", n: 11, k: 11)]
        #expect(self.broken(self.history(self.elements(1...10) + late + [.settled, .finished])) == [])
        let invented = self.elements(1...10) + [self.element(11), .finished]
        #expect(self.broken(self.history(invented)) == [.reliable])
        let other =
            self.elements(1...9) + [.element(client: 0, stream: 0, n: 10, key: "b", k: 10), .settled, .finished]
        #expect(self.broken(self.history(other)) == [.reliable])
    }

    @Test("While the process is stopped nothing can be written down: that time does not count")
    func stopped() {
        // The element is written down, the process is stopped, and after that comes the publication.
        let late = [self.element(11), HistoryEvent.published(source: "s", key: "a", n: 11, k: 11)]
        let lines = self.history(self.elements(1...10) + late + [.settled, .finished])
        let stop = lines.firstIndex { $0.event == late[1] } ?? 0
        for (seconds, steps, isBroken) in [(90, 1, false), (90, 300, true)] {
            var judge = HistoryJudge()
            for (index, line) in lines.enumerated() {
                if index == stop {
                    // In one step, or with a sample at each 0.3 s.
                    for step in 1..<steps + 1 {
                        let us = line.us + step * seconds * 1_000_000 / steps
                        judge.take(HistoryLine(us: us, .sample(process: "p", descriptors: 1, resident: 1)))
                    }
                }
                judge.take(HistoryLine(us: line.us + (index < stop ? 0 : seconds * 1_000_000), line.event))
            }
            #expect(judge.report().breaches.map(\.invariant) == (isBroken ? [.reliable] : []))
        }
    }

    @Test("State never goes back")
    func back() {
        let events = self.elements(1...8) + [self.gap(.historyLost), .snapshot(client: 0, stream: 0, covers: 5)]
        #expect(self.broken(self.history(promise: .convergent, events + [.finished])) == [.ordered])
    }

    @Test("What a snapshot covers does not come again")
    func covered() {
        let events = [HistoryEvent.snapshot(client: 0, stream: 0, covers: 8)] + self.elements(8...10)
        #expect(self.broken(self.history(promise: .convergent, events + [.settled, .finished])) == [.unique])
    }

    @Test("Snapshots that are polled need one gap for all of them")
    func polled() {
        let events: [HistoryEvent] = [
            .snapshot(client: 0, stream: 0, covers: 2), self.gap(.polling), .snapshot(client: 0, stream: 0, covers: 5),
            .snapshot(client: 0, stream: 0, covers: 9), self.element(10), .settled, .finished,
        ]
        #expect(self.broken(self.history(promise: .convergent, events)) == [])
        let silent = events.filter { if case .gap = $0 { false } else { true } }
        #expect(self.broken(self.history(promise: .convergent, silent)) == [.honestGaps])
    }

    @Test("An end without a reason is a breach; one by the fault that the client was put there for is not")
    func ends() {
        let end = HistoryEvent.end(client: 0, stream: 0, error: "protocolViolation")
        #expect(self.broken(self.history(self.elements(1...10) + [end, .finished])) == [.singleTerminal])
        for (fault, isExpected) in [("ws.bad-utf8", true), ("ws.oversize", false)] {
            let broken = self.broken(self.history(self.elements(1...10) + [end, .finished], ends: fault))
            #expect(broken == (isExpected ? [] : [.singleTerminal]))
        }
        #expect(
            self.broken(self.history([.left(client: 0, stream: 0), self.element(1), .finished])) == [.singleTerminal]
        )
    }

    @Test(
        "A stream from the beginning need not have what was forgotten before it; one that goes on must say that it is gone"
    )
    func beginning() {
        for (after, isRight) in [(0, true), (2, false)] {
            let events: [HistoryEvent] = [
                .forgot(source: "s", upTo: 5),
                .stream(client: 0, stream: 1, source: "s", promise: .gapless, after: after),
                .element(client: 0, stream: 1, n: 6, key: "a", k: 6),
            ]
            let rest = (7...10).map { HistoryEvent.element(client: 0, stream: 1, n: $0, key: "a", k: $0) }
            let broken = self.broken(self.history(self.elements(1...10) + events + rest + [.settled, .finished]))
            #expect(broken == (isRight ? [] : [.reliable]))
        }
    }

    @Test("A socket may be replaced by another, for a moment")
    func sockets() {
        func lines(_ overlap: Int) -> [HistoryLine] {
            [
                HistoryLine(us: 0, .client(client: 0, sockets: 1, overlap: overlap)),
                HistoryLine(us: 1, .opened(client: 0, socket: 0)), HistoryLine(us: 2, .opened(client: 0, socket: 1)),
                HistoryLine(us: 1_500_000, .sample(process: "p", descriptors: 1, resident: 1)),
                HistoryLine(us: 3_000_000, .closed(client: 0, socket: 0)), HistoryLine(us: 3_000_001, .finished),
            ]
        }
        #expect(lines(5_000_000).broken.isEmpty)
        #expect(lines(0).broken == [.oneSocket: 1])
    }

    @Test("A renewal after the server refused the token is no storm")
    func refused() {
        func lines(_ refusal: [HistoryEvent]) -> [HistoryLine] {
            let events =
                [HistoryEvent.issued(client: 0, token: 1, expires: 60_000_000)] + refusal
                + [.issued(client: 0, token: 2, replaces: 1, expires: 60_000_000), .finished]
            return events.enumerated().map { HistoryLine(us: $0.offset, $0.element) }
        }
        #expect(lines([.refused(client: 0, token: 1, expired: false)]).broken.isEmpty)
        #expect(lines([]).broken == [.oneRefresh: 1])
    }

    @Test("Memory that goes up and down is no leak")
    func noise() {
        let lines = (0..<600).map { index in
            let resident = 50_000_000 + index % 7 * 900_000
            return HistoryLine(
                us: index * 1_000_000,
                .sample(process: "p", descriptors: 9 + index % 3, resident: resident)
            )
        }
        let report = (lines + [HistoryLine(us: 600_000_000, .finished)]).judged()
        #expect(report.passed)
        #expect(report.metrics["slope"] == 0)
    }

    @Test("Memory that is allocated and never given back is a leak, however many pages were free before")
    func allocated() {
        let lines = (0..<600).map { index in
            let sample = HistoryEvent.sample(
                process: "p",
                descriptors: 9,
                resident: 500_000_000,
                inUse: 50_000_000 + index * 10_000
            )
            return HistoryLine(us: index * 1_000_000, sample)
        }
        let report = (lines + [HistoryLine(us: 600_000_000, .finished)]).judged()
        #expect(report.breaches.map(\.invariant) == [.noMemoryLeak])
        #expect(report.breaches.first?.message == "What is allocated by p grows by 36.0 MB an hour")
        #expect(report.metrics["slope"] == 0)
        #expect(report.metrics["slope.in_use"].map { abs($0 - 36) < 0.01 } == true)
    }

    @Test("A history that was cut off is judged as far as it goes, and does not pass")
    func cutOff() {
        #expect(self.broken(self.history(self.elements(1...10))) == [.soundHistory])
    }

    @Test("Breaches beyond the first twenty of an invariant are counted, and hide no other")
    func many() {
        let doubled = (1...10).flatMap { n in [HistoryEvent](repeating: self.element(n), count: 21) }
        let report = self.history(doubled + [.settled]).judged()
        #expect(report.breaches.count == 21 && report.breachCount == 201)
        #expect(report.breaches.last?.invariant == .soundHistory)
        #expect(report.tally.duplicates == 200)
    }
}
