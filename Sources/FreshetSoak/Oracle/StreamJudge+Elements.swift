// SPDX-License-Identifier: Apache-2.0

import FreshetCore

extension StreamJudge {
    /// An element's number, its key, and its number in that.
    struct Element {
        let n: Int
        let key: String
        let k: Int
    }

    mutating func take(
        _ element: Element,
        us: Int,
        line: Int,
        log: inout SourceLog,
        into findings: inout Findings
    ) {
        log.check(element.n, (element.key, element.k), us: us, line: line, stream: self.name, into: &findings)
        if let key = self.key, key != element.key {
            let message = "\(element.n) is of the key \(element.key), and the stream of \(key)"
            findings.add(.reliable, message, at: self.name, lines: [self.openedLine, line])
            return
        }
        let place = self.key == nil ? element.n : element.k
        for hole in self.undeclared.removeAll(before: place - Self.patience) {
            self.lose(hole, in: log, into: &findings)
        }
        self.isPolling = false
        if let last = self.last, place <= last {
            self.takeOld(place, line: line, into: &findings)
            return
        }
        if let last = self.last {
            self.pass(over: last + 1..<place, line: line, log: log, into: &findings)
        } else {
            self.base = place - 1
            self.told = []
        }
        self.checkTransaction(element, line: line, log: log, into: &findings)
        self.last = place
        self.lastNumber = element.n
        self.lastLine = line
        self.takenUpLine = nil
    }

    /// What is at a place that was passed before.
    private mutating func takeOld(_ place: Int, line: Int, into findings: inout Findings) {
        if let hole = self.undeclared.fill(place) ?? self.declared.fill(place) {
            findings.tally.reordered += 1
            findings.add(.ordered, "\(place) came after later ones", at: self.name, lines: hole.lines + [line])
        } else if place <= self.base {
            findings.tally.stale += 1
            let message = "\(place) came, and the stream began after \(self.base)"
            findings.add(.ordered, message, at: self.name, lines: [self.openedLine, line])
        } else {
            findings.tally.duplicates += 1
            let message = place <= self.covered ? "\(place) came, and was in a snapshot before" : "\(place) came twice"
            findings.add(.unique, message, at: self.name, lines: [self.lastLine, line])
        }
    }

    /// The places between the last element and the next; empty where nothing is missing.
    private mutating func pass(over places: Range<Int>, line: Int, log: SourceLog, into findings: inout Findings) {
        let told = self.told
        self.told = []
        guard !told.isEmpty else {
            guard let first = places.first else { return }
            let hole = Holes.Hole(
                places: first...places.upperBound - 1,
                lines: [self.lastLine, self.takenUpLine ?? 0, line],
                isAfterDrop: self.takenUpLine != nil
            )
            if let old = self.undeclared.add(hole) { self.lose(old, in: log, into: &findings) }
            return
        }
        self.checkCount(told, places.count, line: line, into: &findings)
        guard let first = places.first else {
            findings.tally.needlessGaps += told.count
            return
        }
        findings.tally.lostDeclared += places.count
        self.checkForgotten(told, places.count, line: line, log: log, into: &findings)
        let lines = [self.lastLine] + told.map(\.line) + [line]
        _ = self.declared.add(Holes.Hole(places: first...places.upperBound - 1, lines: lines, isAfterDrop: false))
    }

    /// A count, where all that was told has one, is right; where it has not, it is at least not too high.
    private func checkCount(_ told: [Told], _ missing: Int, line: Int, into findings: inout Findings) {
        let counted = told.reduce(0) { $0 + ($1.count ?? 0) }
        let isExact = told.allSatisfy { $0.count != nil }
        guard isExact ? counted != missing : counted > missing else { return }
        let message = "\(missing) are missing, and the gap says \(counted)"
        findings.add(.honestGaps, message, at: self.name, lines: [self.lastLine] + told.map(\.line) + [line])
    }

    /// With a position, only what the server has forgotten is missing, or what the consumer was too slow for.
    private func checkForgotten(
        _ told: [Told],
        _ missing: Int,
        line: Int,
        log: SourceLog,
        into findings: inout Findings
    ) {
        guard self.hasPosition, missing > 0, self.last != nil, !self.isPolling else { return }
        guard !told.contains(where: { $0.cause == .overflow || $0.cause == .polling }) else { return }
        guard log.forgot <= self.lastNumber ?? 0 else { return }
        let message = "\(missing) are missing inside a gap, and the server still had them"
        let lines = [self.lastLine] + told.map(\.line) + [line]
        findings.add(.resumable, message, at: self.name, lines: lines)
    }

    private mutating func checkTransaction(
        _ element: Element,
        line: Int,
        log: SourceLog,
        into findings: inout Findings
    ) {
        guard self.key == nil else { return }
        if let transaction = self.transaction, element.n > transaction.last {
            self.interrupt("\(element.n)", line: line, into: &findings)
        }
        guard let end = log.entry(element.n)?.transaction, end > element.n else {
            self.transaction = nil
            return
        }
        self.transaction = (end, self.transaction?.line ?? line)
    }

    mutating func take(gap: Gap.Cause, count: Int?, line: Int, into findings: inout Findings) {
        self.interrupt("a gap", line: line, into: &findings)
        self.isPolling = self.isPolling || gap == .polling
        self.told.append(Told(cause: gap, count: count, line: line))
    }

    mutating func take(snapshot covers: Int, us: Int, line: Int, log: inout SourceLog, into findings: inout Findings) {
        if self.key == nil { log.check(covers, us: us, line: line, stream: self.name, into: &findings) }
        self.interrupt("a snapshot", line: line, into: &findings)
        if let last = self.last, covers < last, self.hasSnapshot || last > self.base {
            findings.tally.stale += 1
            let message = "A snapshot of \(covers) follows \(last)"
            findings.add(.ordered, message, at: self.name, lines: [self.lastLine, line])
            return
        }
        let missing = covers - (self.last ?? covers)
        let isFirst = !self.hasSnapshot && self.last ?? 0 == self.base
        if missing > 0, self.told.isEmpty, !self.isPolling, !isFirst, !self.merges {
            let message = "A snapshot replaces \(missing) elements, and no gap says why"
            findings.add(.honestGaps, message, at: self.name, lines: [self.lastLine, line])
        }
        if !isFirst {
            self.checkForgotten(self.told, missing, line: line, log: log, into: &findings)
            findings.tally.resyncs += 1
        }
        self.hasSnapshot = true
        self.covered = covers
        self.base = self.last == nil ? 0 : min(self.base, covers)
        self.last = covers
        self.lastNumber = self.key == nil ? covers : self.lastNumber
        self.lastLine = line
        self.takenUpLine = nil
        self.told = []
    }

    mutating func take(position: Int, line: Int, into findings: inout Findings) {
        guard let last = self.last else { return }
        if position > last {
            let message = "The saved position is \(position), and the consumer was handed \(last) at the most"
            findings.add(.bookmarkable, message, at: self.name, lines: [self.lastLine, line])
        } else if let transaction = self.transaction, position == self.lastNumber {
            let message = "The saved position \(position) is inside the transaction that ends with \(transaction.last)"
            findings.add(.atomic, message, at: self.name, lines: [transaction.line, line])
        }
    }
}
