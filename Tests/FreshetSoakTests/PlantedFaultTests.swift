// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetSoak
import Testing

/// Ten faults of clients, each put into a history in which nothing else is wrong. Each is found, by name, and alone.
struct PlantedFaultTests {
    let good = GoodHistory.lines(seed: 1)

    /// The place of a line in the history.
    private func place(_ matches: (HistoryEvent) -> Bool) throws -> Int {
        try #require(self.good.firstIndex { matches($0.event) })
    }

    private func isElement(_ event: HistoryEvent, _ number: Int) -> Bool {
        if case .element(0, 0, number, _, _) = event { true } else { false }
    }

    private func expect(_ invariant: Invariant, in lines: [HistoryLine]) throws {
        #expect(lines.broken.keys.sorted { $0.rawValue < $1.rawValue } == [invariant])
        let breach = try #require(lines.judged().breaches.first)
        #expect(!breach.lines.isEmpty && breach.lines.allSatisfy { (1...lines.count).contains($0) })
    }

    @Test("A dropped element is found as unreliable")
    func dropped() throws {
        var lines = self.good
        lines.remove(at: try self.place { self.isElement($0, 30) })
        try self.expect(.reliable, in: lines)
        #expect(lines.judged().tally.lost == 1)
    }

    @Test("An element that comes twice is found as not unique")
    func doubled() throws {
        var lines = self.good
        let place = try self.place { self.isElement($0, 30) }
        lines.insert(lines[place], at: place)
        try self.expect(.unique, in: lines)
        #expect(lines.judged().tally.duplicates == 1)
    }

    @Test("A swapped pair is found as out of order, and as nothing lost")
    func swapped() throws {
        var lines = self.good
        let (one, two) = (try self.place { self.isElement($0, 30) }, try self.place { self.isElement($0, 31) })
        lines.swapAt(one, two)
        (lines[one].us, lines[two].us) = (lines[two].us, lines[one].us)
        try self.expect(.ordered, in: lines)
        #expect(lines.judged().tally.lost == 0)
    }

    @Test("A gap that is not told after a drop is found as dishonest")
    func hiddenGap() throws {
        var lines = self.good
        let place = try #require(
            lines.indices.first { index in
                guard case .gap(let client, 1, .unknown, _) = lines[index].event else { return false }
                var ends: [Int] = []
                for rest in [AnySequence(lines[..<index].reversed()), AnySequence(lines[index...])] {
                    for line in rest {
                        guard case .element(client, 1, _, _, let k) = line.event else { continue }
                        ends.append(k)
                        break
                    }
                }
                return ends.count == 2 && ends[1] > ends[0] + 1
            }
        )
        lines.remove(at: place)
        try self.expect(.honestGaps, in: lines)
    }

    @Test("A position beyond what was handed out is found as not bookmarkable")
    func positionTooFar() throws {
        var lines = self.good
        let place = try self.place { if case .position(2, 0, 50...) = $0 { true } else { false } }
        guard case .position(_, _, let upTo) = lines[place].event else { return }
        lines[place].event = .position(client: 2, stream: 0, upTo: upTo + 1)
        try self.expect(.bookmarkable, in: lines)
    }

    @Test("A second socket is found")
    func secondSocket() throws {
        var lines = self.good
        lines.remove(at: try self.place { if case .closed(3, 3) = $0 { true } else { false } })
        try self.expect(.oneSocket, in: lines)
    }

    @Test("A descriptor that is left behind is found")
    func leakedDescriptor() throws {
        let lines = self.good.map { line in
            guard line.us > 10_000_000, case .sample(let name, let count, let resident, _, let idle) = line.event else {
                return line
            }
            let leaking = HistoryEvent.sample(process: name, descriptors: count + 1, resident: resident, idle: idle)
            return HistoryLine(us: line.us, leaking)
        }
        try self.expect(.noDescriptorLeak, in: lines)
    }

    @Test("A buffer without a bound is found as growing memory")
    func unboundedBuffer() throws {
        let lines = self.good.map { line in
            guard case .sample(let name, let count, let resident, _, false) = line.event else { return line }
            let more = resident + line.us / 2
            return HistoryLine(us: line.us, .sample(process: name, descriptors: count, resident: more))
        }
        try self.expect(.noMemoryLeak, in: lines)
        // Half a byte a microsecond is 1,800 MB an hour.
        let slope = try #require(lines.judged().metrics["slope"])
        #expect(abs(slope - 1800) < 50)
    }

    @Test("A storm of renewals is found")
    func refreshStorm() throws {
        var lines = self.good
        let place = try self.place { if case .issued(2, 2, _, _) = $0 { true } else { false } }
        let us = lines[place].us
        let storm = (3...7).map { token in
            HistoryLine(us: us, .issued(client: 2, token: 100 + token, replaces: 2, expires: us + 4_000_000))
        }
        lines.insert(contentsOf: storm, at: place + 1)
        try self.expect(.oneRefresh, in: lines)
    }

    @Test("An end that never comes is found")
    func lostTerminal() throws {
        var lines = self.good
        lines.remove(at: try self.place { if case .end(2, 0, _) = $0 { true } else { false } })
        try self.expect(.singleTerminal, in: lines)
    }
}
