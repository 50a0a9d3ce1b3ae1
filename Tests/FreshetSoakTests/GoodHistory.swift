// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetSoak
import FreshetTestSupport

/// A history as a client without a fault makes it, from a seed: four clients, two faults, transactions, a compaction, a slow
/// consumer, credentials that are renewed.
struct GoodHistory {
    struct Published {
        let n: Int
        let key: String
        let k: Int
        let transaction: Int
    }

    private(set) var lines: [HistoryLine] = []
    private var random: SeededRandom
    private var us = 0
    private var log: [Published] = []
    private var keys: [String: Int] = [:]
    /// By client and stream: the number of the newest that was handed out.
    private var last: [[Int]] = Array(repeating: [0, 0, 0, 0], count: 4)
    private var socket: [Int] = [0, 1, 2, 3]
    private var isUp = [true, true, true, true]
    private var upAt = [0, 0, 0, 0]

    static let ticks = 400

    static func lines(seed: UInt64) -> [HistoryLine] {
        var history = GoodHistory(random: SeededRandom(seed))
        history.play(seed)
        return history.lines
    }

    private init(random: SeededRandom) { self.random = random }

    private mutating func say(_ event: HistoryEvent) {
        self.us += 20
        self.lines.append(HistoryLine(us: self.us, event))
    }

    private mutating func play(_ seed: UInt64) {
        var limits = OracleLimits()
        limits.warmUp = 2_000_000
        self.say(.run(facts: RunFacts(seed: seed, mode: "sim", began: "2026-01-31T12:00:00Z", limits: limits)))
        self.say(.sample(process: "clients", descriptors: 20, resident: 40_000_000, idle: true))
        for client in 0..<4 { self.begin(client) }
        for tick in 1...Self.ticks {
            self.us = tick * 50_000
            self.play(tick)
        }
        self.us += 5_000_000
        self.say(.settled)
        for client in 0..<4 {
            self.say(.closing(client: client))
            for stream in 0..<(client == 1 ? 4 : 3) {
                self.say(.end(client: client, stream: stream, error: "clientClosed"))
            }
            self.say(.closed(client: client, socket: self.socket[client]))
        }
        self.say(.sample(process: "clients", descriptors: 20, resident: 44_000_000, idle: true))
        self.say(.finished)
    }

    private mutating func begin(_ client: Int) {
        self.say(.client(client: client))
        self.say(.state(client: client, phase: .connecting, attempt: 1))
        self.say(.opened(client: client, socket: client))
        self.say(.issued(client: client, token: 1, expires: 4_000_000))
        self.say(.state(client: client, phase: .live))
        self.say(.stream(client: client, stream: 0, source: "orders", promise: .gapless))
        self.say(.stream(client: client, stream: 1, source: "orders", key: "k1", promise: .bestEffort))
        self.say(.stream(client: client, stream: 2, source: "orders", promise: .convergent))
        for stream in 0..<3 { self.say(.subscribed(client: client, stream: stream, after: 0)) }
        self.say(.snapshot(client: client, stream: 2, covers: 0))
        guard client == 1 else { return }
        self.say(.stream(client: 1, stream: 3, source: "orders", promise: .gapless, overflow: .dropOldest))
        self.say(.subscribed(client: 1, stream: 3, after: 0))
    }

    private mutating func play(_ tick: Int) {
        if tick == 100 { self.fault(1, "tcp.rst", tick, until: tick) }
        if tick == 200 { self.fault(2, "srv.restart", tick, until: tick + 20) }
        if tick == 220 { self.say(.faultEnded(number: 2)) }
        self.publish(tick.isMultiple(of: 7) ? 3 : 1)
        if tick == 215 { self.say(.forgot(source: "orders", upTo: self.log.count)) }
        if tick.isMultiple(of: 10) {
            let resident = 50_000_000 + Int.random(in: 0..<200_000, using: &self.random)
            self.say(.sample(process: "clients", descriptors: 24, resident: resident))
        }
        for client in 0..<4 {
            if !self.isUp[client], tick >= self.upAt[client] { self.comeBack(client, tick) }
            guard self.isUp[client] else { continue }
            if tick.isMultiple(of: 64), client == 2 {
                let token = tick / 64 + 1
                self.say(.issued(client: 2, token: token, replaces: token - 1, expires: self.us + 4_000_000))
            }
            self.deliver(client, 0)
            self.deliver(client, 1)
            self.deliver(client, 2)
            if client == 1, !tick.isMultiple(of: 60), !(tick + 1).isMultiple(of: 60) { self.deliverSlowly() }
            if tick.isMultiple(of: 10) { self.say(.position(client: client, stream: 0, upTo: self.log.count)) }
        }
    }

    private mutating func publish(_ count: Int) {
        let end = self.log.count + count
        for n in self.log.count + 1...end {
            let key = "k\(Int.random(in: 0..<5, using: &self.random))"
            self.keys[key, default: 0] += 1
            let one = Published(n: n, key: key, k: self.keys[key] ?? 0, transaction: end)
            self.log.append(one)
            self.say(.published(source: "orders", key: key, n: n, k: one.k, transaction: count == 1 ? nil : end))
        }
    }

    private mutating func deliver(_ client: Int, _ stream: Int) {
        for one in self.log[self.last[client][stream]...] where stream != 1 || one.key == "k1" {
            self.say(.element(client: client, stream: stream, n: one.n, key: one.key, k: one.k))
        }
        self.last[client][stream] = self.log.count
    }

    /// The slow consumer: of what it has not taken for two ticks, the oldest are dropped.
    private mutating func deliverSlowly() {
        let waiting = self.log[self.last[1][3]...]
        if waiting.count >= 3 {
            let dropped = waiting.count - 1
            self.say(.gap(client: 1, stream: 3, cause: .overflow, count: dropped))
            self.last[1][3] += dropped
        }
        self.deliver(1, 3)
    }

    private mutating func fault(_ number: Int, _ id: String, _ tick: Int, until: Int) {
        self.say(.faultBegan(number: number, id: id))
        if until == tick { self.say(.faultEnded(number: number)) }
        for client in 0..<4 {
            self.say(.closed(client: client, socket: self.socket[client]))
            self.say(.state(client: client, phase: .waiting, attempt: 1, error: "closed(1006)"))
            self.isUp[client] = false
            self.upAt[client] = until + Int.random(in: 4..<12, using: &self.random)
        }
    }

    private mutating func comeBack(_ client: Int, _ tick: Int) {
        self.isUp[client] = true
        self.socket[client] += 10
        self.say(.state(client: client, phase: .connecting, attempt: 1))
        self.say(.opened(client: client, socket: self.socket[client]))
        self.say(.state(client: client, phase: .live))
        let isCompacted = client == 0 && tick > 200
        self.say(.subscribed(client: client, stream: 0, after: self.last[client][0]))
        if isCompacted {
            self.say(.gap(client: client, stream: 0, cause: .compacted))
            self.say(.snapshot(client: client, stream: 0, covers: self.log.count))
            self.last[client][0] = self.log.count
        }
        self.say(.subscribed(client: client, stream: 1, after: self.keys["k1"] ?? 0))
        self.say(.gap(client: client, stream: 1, cause: .unknown))
        self.last[client][1] = self.log.count
        self.say(.subscribed(client: client, stream: 2, after: self.log.count))
        self.say(.gap(client: client, stream: 2, cause: .unknown))
        self.say(.snapshot(client: client, stream: 2, covers: self.log.count))
        self.last[client][2] = self.log.count
        if client == 1 { self.say(.subscribed(client: 1, stream: 3, after: self.last[1][3])) }
    }
}

extension [HistoryLine] {
    /// The whole verdict.
    func judged() -> SoakReport { self.judged([]) }

    func judged(_ requirements: [Requirement]) -> SoakReport {
        var judge = HistoryJudge()
        for line in self { judge.take(line) }
        return judge.report(requirements)
    }

    /// Which invariants are broken, and how often.
    var broken: [Invariant: Int] {
        var oracle = HistoryOracle()
        for (index, line) in self.enumerated() { oracle.take(line, number: index + 1) }
        oracle.end()
        return oracle.findings.counts
    }
}
