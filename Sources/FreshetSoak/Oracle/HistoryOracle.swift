// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Judges a run by its history, line by line, as it comes or when it is read again.
///
/// It compares what consumers were handed with the server's own log, and takes nobody's word for anything else: not a client's
/// count, not its state. It keeps a constant amount for each key, stream and client, and of each source the newest 4,096
/// elements.
package struct HistoryOracle: Sendable {
    package private(set) var facts: RunFacts?
    package private(set) var findings = Findings()
    package private(set) var sources: [String: SourceLog] = [:]
    package private(set) var processes: [String: ProcessJudge] = [:]
    package private(set) var isFinished = false
    private var limits: OracleLimits
    private let givenLimits: OracleLimits?
    /// Those that are not over.
    private var streams: [StreamName: StreamJudge] = [:]
    /// Where those that are over ended, or were left: all that is kept of them, for a run begins thousands.
    private var over: [StreamName: (line: Int, isEnd: Bool)] = [:]
    private var clients: [Int: ClientJudge] = [:]
    /// Clients that have more sockets than they may have for long.
    private var suspects: Set<Int> = []
    private var streamsOf: [Int: [StreamName]] = [:]
    /// The fault that a client's streams are expected to end by.
    private var endsOf: [Int: String] = [:]
    /// When it is looked next what came and was never published, in µs.
    private var nextExpiry = 0
    private static let expiryEvery = 100_000
    /// The time of the newest line, in µs.
    private var us = 0
    /// The time without silences, in µs: each second has a sample, and where there is none the process was stopped, and what was due
    /// then may still be written down.
    private var awake = 0
    private static let silence = 2_000_000
    private var line = 0

    /// Makes an oracle for one history.
    ///
    /// - Parameter limits: those that count instead of those that the history itself has.
    package init(limits: OracleLimits? = nil) {
        self.givenLimits = limits
        self.limits = limits ?? OracleLimits()
    }

    /// Takes the next line.
    ///
    /// - Parameters:
    ///   - line: what it says.
    ///   - number: of the line, from 1.
    package mutating func take(_ line: HistoryLine, number: Int) {
        let us = line.us
        if us > self.us, us - self.us < Self.silence { self.awake += us - self.us }
        self.us = max(self.us, us)
        self.line = number
        if self.isFinished { self.findings.add(.soundHistory, "Something follows the end of the run", lines: [number]) }
        if !self.suspects.isEmpty { self.checkSockets() }
        if self.awake >= self.nextExpiry {
            self.nextExpiry = self.awake + Self.expiryEvery
            for (name, log) in self.sources where log.isWaiting {
                self.sources[name]?.expire(before: self.awake - self.limits.lateLog, into: &self.findings)
            }
        }
        switch line.event {
        case .run(let facts):
            self.facts = facts
            self.limits = self.givenLimits ?? facts.limits
        case .finished: self.finish(isComplete: true)
        case .settled: self.settle()
        case .published(let source, let key, let n, let k, let transaction):
            let entry = SourceLog.Entry(key: key, k: k, transaction: transaction ?? n, us: us, line: number)
            self.sources[source, default: SourceLog()].publish(n, entry, into: &self.findings)
        case .forgot(let source, let upTo): self.sources[source, default: SourceLog()].forget(upTo: upTo)
        case .client(let client, let sockets, let overlap, let ends):
            self.clients[client] = ClientJudge(client: client, allowed: sockets, overlap: overlap)
            self.endsOf[client] = ends
        case .opened(let client, let socket):
            let isSuspect = self.clients[client, default: ClientJudge(client: client)]
                .opened(socket, us: self.awake, line: number)
            if isSuspect { self.suspects.insert(client) }
        case .closed(let client, let socket): self.clients[client]?.closed(socket)
        case .issued(let client, let token, let replaces, let expires):
            self.clients[client, default: ClientJudge(client: client)]
                .issued(token, replaces: replaces, expires: expires, us: us, line: number, into: &self.findings)
        case .refused(let client, let token, let expired):
            self.clients[client]?.refused(token, expired: expired, into: &self.findings)
        case .closing(let client):
            for name in self.streamsOf[client] ?? [] { self.owe(name) }
        case .sample(let process, let descriptors, let resident, let inUse, let idle):
            self.processes[process, default: ProcessJudge(process: process, limits: self.limits)]
                .take(descriptors, resident, inUse: inUse, isIdle: idle, us: us, line: number)
        case .faultBegan, .faultEnded, .state: break
        default: self.takeOfStream(line.event)
        }
    }

    private mutating func takeOfStream(_ event: HistoryEvent) {
        switch event {
        case .stream(let client, let stream, let source, let key, let promise, let overflow, let after, let merges):
            let name = StreamName(client: client, stream: stream)
            // From the beginning is from the first element that there is.
            let begin = after == 0 ? self.sources[source]?.forgot ?? 0 : after
            let judge = StreamJudge(
                name: name,
                source: source,
                key: key,
                promise: promise,
                overflow: overflow,
                after: begin,
                merges: merges ?? false,
                line: self.line
            )
            if self.over[name] != nil || self.streams.updateValue(judge, forKey: name) != nil {
                self.findings.add(.soundHistory, "The stream began twice", at: name, lines: [self.line])
            } else {
                self.streamsOf[client, default: []].append(name)
            }
        case .subscribed(let client, let stream, let after):
            self.judge(client, stream) { judge, _, oracle in judge.takenUp(after: after, line: oracle.line) }
        case .terminated(let client, let stream): self.owe(StreamName(client: client, stream: stream))
        case .left(let client, let stream):
            self.judge(client, stream) { judge, log, oracle in judge.loseHoles(in: log, into: &oracle.findings) }
            self.isOver(StreamName(client: client, stream: stream), isEnd: false)
        case .element(let client, let stream, let n, let key, let k):
            self.findings.tally.delivered += 1
            let element = StreamJudge.Element(n: n, key: key, k: k)
            self.judge(client, stream, "an element") { judge, log, oracle in
                judge.take(element, us: oracle.awake, line: oracle.line, log: &log, into: &oracle.findings)
            }
        case .gap(let client, let stream, let cause, let count):
            self.findings.tally.gaps += 1
            self.judge(client, stream, "a gap") { judge, _, oracle in
                judge.take(gap: cause, count: count, line: oracle.line, into: &oracle.findings)
            }
        case .snapshot(let client, let stream, let covers):
            self.findings.tally.snapshots += 1
            self.judge(client, stream, "a snapshot") { judge, log, oracle in
                judge.take(snapshot: covers, us: oracle.awake, line: oracle.line, log: &log, into: &oracle.findings)
            }
        case .position(let client, let stream, let upTo):
            self.judge(client, stream, "a position") { judge, _, oracle in
                judge.take(position: upTo, line: oracle.line, into: &oracle.findings)
            }
        case .end(let client, let stream, let error):
            self.findings.tally.ends += 1
            let isExcused = self.isExpected(error, of: client)
            self.judge(client, stream, "an end") { judge, log, oracle in
                judge.end(error, isExcused: isExcused, line: oracle.line, log: log, into: &oracle.findings)
            }
            self.isOver(StreamName(client: client, stream: stream), isEnd: true)
        default: break
        }
    }

    /// Nothing may come in the stream any more.
    private mutating func isOver(_ name: StreamName, isEnd: Bool) {
        guard self.streams.removeValue(forKey: name) != nil else { return }
        self.over[name] = (self.line, isEnd)
        self.streamsOf[name.client]?.removeAll { $0 == name }
    }

    /// Takes judge and log out while they change, so that nothing is copied. What has a name (`what`) may not come in a stream that
    /// is over.
    private mutating func judge(
        _ client: Int,
        _ stream: Int,
        _ what: String? = nil,
        _ body: (_ judge: inout StreamJudge, _ log: inout SourceLog, _ oracle: inout HistoryOracle) -> Void
    ) {
        let name = StreamName(client: client, stream: stream)
        guard var judge = self.streams.removeValue(forKey: name) else {
            if let over = self.over[name] {
                guard let what else { return }
                let message = "\(what) follows the \(over.isEnd ? "end" : "consumer's leaving")"
                return self.findings.add(.singleTerminal, message, at: name, lines: [over.line, self.line])
            }
            self.findings.add(.soundHistory, "The stream never began", at: name, lines: [self.line])
            return
        }
        var log = self.sources.removeValue(forKey: judge.source) ?? SourceLog()
        body(&judge, &log, &self)
        self.sources[judge.source] = log
        self.streams[name] = judge
    }

    /// Whether a client's streams may end so: one that was put there for a fault to end it, and by an error that the fault brings.
    private func isExpected(_ error: String?, of client: Int) -> Bool {
        guard let error, let id = self.endsOf[client], let fault = FaultCatalogue.fault(id) else { return false }
        return fault.errors.contains(error)
    }

    /// The stream's end is owed from now on.
    private mutating func owe(_ name: StreamName) {
        guard self.streams[name]?.owedEndLine == nil else { return }
        self.streams[name]?.owedEndLine = self.line
    }

    private mutating func checkSockets() {
        for client in self.suspects {
            let stays = self.clients[client]?
                .checkSockets(us: self.awake, line: self.line, grace: self.limits.socketGrace, into: &self.findings)
            if stays != true { self.suspects.remove(client) }
        }
    }

    private mutating func settle() {
        self.ofEveryStream { judge, log, oracle in judge.settle(log: log, line: oracle.line, into: &oracle.findings) }
    }

    private mutating func finish(isComplete: Bool) {
        guard !self.isFinished else { return }
        self.isFinished = true
        for name in self.sources.keys.sorted() { self.sources[name]?.expire(before: .max, into: &self.findings) }
        self.ofEveryStream { judge, log, oracle in
            judge.finish(isComplete: isComplete, log: log, line: oracle.line, into: &oracle.findings)
        }
        for name in self.processes.keys.sorted() { self.processes[name]?.finish(into: &self.findings) }
    }

    private mutating func ofEveryStream(
        _ body: (_ judge: inout StreamJudge, _ log: SourceLog, _ oracle: inout HistoryOracle) -> Void
    ) {
        let names = self.streams.keys.sorted { ($0.client, $0.stream) < ($1.client, $1.stream) }
        for name in names { self.judge(name.client, name.stream) { judge, log, oracle in body(&judge, log, &oracle) } }
    }

    /// The history is over. One without its last line is judged as far as it goes, and is not sound.
    package mutating func end() {
        guard !self.isFinished else { return }
        self.findings.add(.soundHistory, "The history has no end: the run was cut off", lines: [self.line])
        self.finish(isComplete: false)
    }
}
