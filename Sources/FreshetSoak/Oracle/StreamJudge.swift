// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Judges what the consumer of one stream was handed. Of constant size, however long the stream is.
struct StreamJudge {
    let name: StreamName
    let source: String
    /// nil: all keys.
    let key: String?
    let promise: Continuity
    let overflow: StreamOverflow
    /// Whether a state may take the place of what it has superseded without a gap.
    let merges: Bool
    /// Where the stream is written down.
    let openedLine: Int

    /// A gap that nothing has followed yet.
    struct Told {
        let cause: Gap.Cause
        let count: Int?
        let line: Int
    }

    /// The place of the newest that was handed out, or is in a snapshot, or was before the beginning.
    var last: Int?
    /// Its number in the source, where that is known.
    var lastNumber: Int?
    var lastLine = 0
    /// What is not after this place is from before the beginning.
    var base = 0
    /// What is not after this place is in a snapshot.
    var covered = 0
    var hasSnapshot = false
    var told: [Told] = []
    /// That polling was told, since the last element that came live.
    var isPolling = false
    /// The server took the stream up (again) since the last element: the line.
    var takenUpLine: Int?
    var wasTakenUp = false
    /// Passed over, and no gap said so: out of order, or missing.
    var undeclared = Holes(limit: 64)
    var declared = Holes(limit: 32)
    /// Elements of a transaction that is not complete: its last number, and where it began.
    var transaction: (last: Int, line: Int)?
    /// The line of what makes the stream end: the server's word, or the client's closing.
    var owedEndLine: Int?

    init(
        name: StreamName,
        source: String,
        key: String?,
        promise: Continuity,
        overflow: StreamOverflow,
        after: Int?,
        merges: Bool,
        line: Int
    ) {
        self.name = name
        self.source = source
        self.key = key
        self.promise = promise
        self.overflow = overflow
        self.merges = merges
        self.openedLine = line
        self.lastLine = line
        self.last = after
        self.base = after ?? 0
        self.lastNumber = key == nil ? after : nil
    }

    /// An element that comes this much later is out of order no more: what is missing before it is lost.
    static let patience = 1024

    /// Whether the stream goes on from its position after a drop.
    var hasPosition: Bool { self.promise == .gapless }

    mutating func takenUp(after place: Int, line: Int) {
        if self.last == nil {
            self.last = place
            self.base = place
            self.lastNumber = self.key == nil ? place : nil
            self.lastLine = line
        } else if self.wasTakenUp {
            self.takenUpLine = line
        }
        self.wasTakenUp = true
    }

    /// The stream has ended: nothing fills its holes any more.
    mutating func end(_ error: String?, isExcused: Bool, line: Int, log: SourceLog, into findings: inout Findings) {
        self.loseHoles(in: log, into: &findings)
        let isOverflow = self.overflow == .failOnOverflow && error == "overflow"
        guard self.owedEndLine == nil, !isOverflow, !isExcused else { return }
        let how = error.map { "with \($0)" } ?? "as if complete"
        let message = "The stream ended \(how), and neither the server nor the run had ended it"
        findings.add(.singleTerminal, message, at: self.name, lines: [self.openedLine, line])
    }

    /// Nothing comes any more: what was passed over is missing for good.
    mutating func loseHoles(in log: SourceLog, into findings: inout Findings) {
        for hole in self.undeclared.removeAll() { self.lose(hole, in: log, into: &findings) }
    }

    /// Nothing but the rest of it may come while a transaction is not complete.
    mutating func interrupt(_ what: String, line: Int, into findings: inout Findings) {
        guard let transaction = self.transaction else { return }
        self.transaction = nil
        let message = "\(what) came in the middle of the transaction that ends with \(transaction.last)"
        findings.add(.atomic, message, at: self.name, lines: [transaction.line, line])
    }

    /// What is missing for good.
    mutating func lose(_ hole: Holes.Hole, in log: SourceLog, into findings: inout Findings) {
        let count = hole.places.count
        findings.tally.lost += count
        let published = self.key == nil ? log.entry(hole.places.lowerBound)?.line ?? 0 : 0
        let places =
            count == 1 ? "\(hole.places.lowerBound) is" : "\(count) elements from \(hole.places.lowerBound) are"
        findings.add(
            hole.isAfterDrop ? .honestGaps : .reliable,
            "\(places) missing\(hole.isAfterDrop ? " after the stream was taken up again" : ""), and no gap says so",
            at: self.name,
            lines: hole.lines + [published]
        )
    }

    /// Everything had had time to come: what has not, is lost, unless a gap says that something may be missing.
    mutating func settle(log: SourceLog, line: Int, into findings: inout Findings) {
        guard self.owedEndLine == nil, self.told.isEmpty else { return }
        let newest = log.last(of: self.key)
        if let last = self.last, last < newest {
            let lines = [self.lastLine, log.lastLine(of: self.key), line]
            let isAfterDrop = self.takenUpLine != nil
            let hole = Holes.Hole(places: last + 1...newest, lines: lines, isAfterDrop: isAfterDrop)
            self.lose(hole, in: log, into: &findings)
            self.last = newest
        } else if self.last == nil {
            let lines = [self.openedLine, line]
            findings.add(.reliable, "The stream was never taken up by the server", at: self.name, lines: lines)
        }
        self.interrupt("the end of everything", line: line, into: &findings)
    }

    /// The end of the history. Where the run came to its end (`isComplete`), every end that is owed has had time to come.
    mutating func finish(isComplete: Bool, log: SourceLog, line: Int, into findings: inout Findings) {
        self.loseHoles(in: log, into: &findings)
        guard isComplete, let owed = self.owedEndLine else { return }
        findings.add(.singleTerminal, "The stream's end never came", at: self.name, lines: [owed, line])
    }
}
