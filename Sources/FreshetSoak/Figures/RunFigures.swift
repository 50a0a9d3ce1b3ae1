// SPDX-License-Identifier: Apache-2.0

/// Measures a run by its history: how soon faults are noticed and overcome, how many elements come, how late. Figures only: what
/// is right and wrong, the oracle says.
package struct RunFigures: Sendable {
    /// One fault that was injected.
    package struct Injected: Sendable {
        package let id: String
        package let began: Int
        package var ended: Int?
        var affected: Set<Int> = []
        /// How many clients that it took away are not back.
        var away = 0
        package var herd: Herd
    }

    /// What is known of all faults of one id.
    package struct OfFault: Sendable {
        package var injected = 0
        package var affected = 0
        package var detect = Distribution()
        package var recover = Distribution()
        package var attempts = 0
        /// Clients that were not back when the run ended.
        package var away = 0
        /// Noticed later than the catalogue says.
        package var late = 0
        /// Noticed where there was nothing to notice, or as something else than the catalogue says; and the first of these.
        package var surprises = 0
        package var surprise: String?
    }

    private struct Client {
        var phase = ClientPhase.idle
        var wasLive = false
        var isClosing = false
        var sockets: Set<Int> = []
        /// Those that were there when it became live.
        var carrying: Set<Int> = []
        /// By which fault it was lost, and whether for the first time.
        var lost: (fault: Int?, isFirst: Bool)?
        var isDetected = false
        var attempts = 0
    }

    /// So long after its end a fault is blamed for what happens.
    private static let blame = 2_000_000
    /// So long after its end arrivals are counted.
    private static let herding = 30_000_000

    package private(set) var us = 0
    package private(set) var timeline = Timeline()
    package private(set) var latency = Distribution()
    package private(set) var faults: [String: OfFault] = [:]
    package private(set) var bands: [FaultBand] = []
    package private(set) var samples: [String: Samples] = [:]
    package private(set) var falseDisconnects = 0
    /// The fault after which most came back.
    package private(set) var herd: Herd?
    package var clientCount: Int { self.clients.count }
    private var clients: [Int: Client] = [:]
    private var phases: [ClientPhase: Int] = [:]
    private var recent: [Int: Injected] = [:]
    private var sourceOf: [StreamName: String] = [:]
    private var limits = OracleLimits()

    package init() {}

    /// Takes the next line, after the oracle has.
    package mutating func take(_ line: HistoryLine, oracle: HistoryOracle) {
        let us = max(line.us, self.us)
        self.us = us
        self.retire(us)
        switch line.event {
        case .run(let facts): self.limits = facts.limits
        case .client(let client, _, _, _): self.change(client, us) { _ in }
        case .stream(let client, let stream, let source, _, _, _, _, _):
            self.sourceOf[StreamName(client: client, stream: stream)] = source
        case .left(let client, let stream), .end(let client, let stream, _):
            self.sourceOf[StreamName(client: client, stream: stream)] = nil
        case .element(let client, let stream, let n, _, _):
            self.timeline.add(elements: 1, us: us)
            let source = self.sourceOf[StreamName(client: client, stream: stream)] ?? ""
            if let entry = oracle.sources[source]?.entry(n) { self.latency.add(us - entry.us) }
            self.recovered(client, us)
        case .snapshot(let client, _, _): self.recovered(client, us)
        case .gap: self.timeline.add(gaps: 1, us: us)
        case .state(let client, let phase, _, let error):
            self.enter(client, phase, us)
            if let error { self.named(error, client) }
        case .closing(let client): self.change(client, us) { $0.isClosing = true }
        case .closed(let client, let socket):
            self.clients[client]?.sockets.remove(socket)
            // One of two is only replaced, and one that was tried beside a substitute was never the connection.
            guard let one = self.clients[client], one.carrying.contains(socket), one.sockets.isEmpty else { break }
            if one.phase == .live { self.lose(client, us) }
        case .opened(let client, let socket):
            self.clients[client]?.sockets.insert(socket)
            self.replaced(client)
            if let number = self.clients[client]?.lost?.fault { self.arrive(number, us) }
        case .sample(let process, let descriptors, let resident, let inUse, let isIdle):
            guard !isIdle else { break }
            let sample = Samples.Sample(us: us, descriptors: descriptors, resident: resident, inUse: inUse)
            self.samples[process, default: Samples()].add(sample)
        case .faultBegan(let number, let id): self.began(number, id, us)
        case .faultEnded(let number): self.ended(number, us)
        default: break
        }
    }

    /// The history is over.
    package mutating func end() {
        self.retire(.max)
        self.timeline.add(us: self.us)
    }

    private mutating func began(_ number: Int, _ id: String, _ us: Int) {
        let herd = Herd(id: id, number: number, arrivals: [], back: [])
        self.recent[number] = Injected(id: id, began: us, herd: herd)
        self.faults[id, default: OfFault()].injected += 1
        if self.bands.count < FaultBand.room { self.bands.append(FaultBand(id: id, number: number, began: us)) }
    }

    private mutating func ended(_ number: Int, _ us: Int) {
        self.recent[number]?.ended = us
        guard let index = self.bands.lastIndex(where: { $0.number == number }) else { return }
        self.bands[index].ended = us
    }

    /// What is long over is put away.
    private mutating func retire(_ us: Int) {
        for (number, fault) in self.recent {
            guard us == .max || (fault.away == 0 && us - (fault.ended ?? us) > Self.herding) else { continue }
            self.recent[number] = nil
            self.faults[fault.id, default: OfFault()].away += fault.away
            guard fault.herd.total > self.herd?.total ?? 0 else { continue }
            self.herd = fault.herd
            self.herd?.back.sort()
        }
    }

    private mutating func arrive(_ number: Int, _ us: Int) {
        // Who comes while it is still on does not come back yet.
        guard let ended = self.recent[number]?.ended, us - ended <= Self.herding else { return }
        self.recent[number]?.herd.arrive(after: us - ended)
    }

    private mutating func change(_ client: Int, _ us: Int, _ body: (inout Client) -> Void) {
        let old = self.clients[client]
        var new = old ?? Client()
        body(&new)
        self.clients[client] = new
        // Who is closed is none of the clients any more.
        if let old, !old.isClosing { self.phases[old.phase, default: 0] -= 1 }
        if !new.isClosing { self.phases[new.phase, default: 0] += 1 }
        self.timeline.set(self.phases, us: us)
    }

    private mutating func enter(_ client: Int, _ phase: ClientPhase, _ us: Int) {
        let old = self.clients[client] ?? Client()
        if old.wasLive, old.phase == .live, phase != .live, phase != .degraded, phase != .closing, phase != .idle {
            if old.lost == nil { self.lose(client, us) }
            self.detected(client, us)
        }
        self.change(client, us) { one in
            one.phase = phase
            one.wasLive = one.wasLive || phase == .live
            if phase == .live { one.carrying = one.sockets }
            if phase == .connecting, one.lost != nil { one.attempts += 1 }
        }
    }

    private mutating func lose(_ client: Int, _ us: Int) {
        guard let one = self.clients[client], one.lost == nil, !one.isClosing, one.wasLive else { return }
        let blamed = self.recent.filter { $0.value.ended.map { us - $0 <= Self.blame } ?? true }
            .max { ($0.value.began, $0.key) < ($1.value.began, $1.key) }
        var isFirst = false
        if let blamed {
            self.recent[blamed.key]?.away += 1
            isFirst = self.recent[blamed.key]?.affected.insert(client).inserted == true
            if isFirst { self.faults[blamed.value.id, default: OfFault()].affected += 1 }
        } else {
            self.falseDisconnects += 1
        }
        self.clients[client]?.lost = (blamed?.key, isFirst)
        self.clients[client]?.isDetected = false
        self.clients[client]?.attempts = 0
    }

    /// A client that never said that it is away has another connection: requests of HTTP come and go on many, and it was not lost.
    private mutating func replaced(_ client: Int) {
        guard let one = self.clients[client], let lost = one.lost, one.phase == .live, !one.isDetected else { return }
        self.clients[client]?.lost = nil
        guard let number = lost.fault else {
            self.falseDisconnects -= 1
            return
        }
        self.recent[number]?.away -= 1
        guard lost.isFirst, let id = self.recent[number]?.id else { return }
        self.recent[number]?.affected.remove(client)
        self.faults[id]?.affected -= 1
    }

    private mutating func detected(_ client: Int, _ us: Int) {
        guard let one = self.clients[client], !one.isDetected, let number = one.lost?.fault else { return }
        self.clients[client]?.isDetected = true
        guard let fault = self.recent[number] else { return }
        self.faults[fault.id, default: OfFault()].detect.add(us - fault.began)
        if FaultCatalogue.fault(fault.id)?.outcome == .goesOn { self.surprise(fault.id, "disconnected") }
        guard let limit = self.limit(of: fault.id) else { return }
        if .microseconds(us - fault.began) > limit { self.faults[fault.id, default: OfFault()].late += 1 }
    }

    /// How soon a fault is to be noticed, by the clients' own times.
    func limit(of id: String) -> Duration? {
        FaultCatalogue.fault(id)?.detectionLimit(
            keepAlive: .microseconds(self.limits.keepAlive),
            deadline: .microseconds(self.limits.deadline)
        )
    }

    /// A client says why it is away. That may only be what the fault is expected to bring.
    private mutating func named(_ error: String, _ client: Int) {
        guard let number = self.clients[client]?.lost?.fault, let id = self.recent[number]?.id,
            let fault = FaultCatalogue.fault(id), !fault.brings(error)
        else { return }
        self.surprise(id, error)
    }

    private mutating func surprise(_ id: String, _ what: String) {
        self.faults[id, default: OfFault()].surprises += 1
        if self.faults[id]?.surprise == nil { self.faults[id]?.surprise = what }
    }

    /// Something new came: what was lost is back.
    private mutating func recovered(_ client: Int, _ us: Int) {
        guard let one = self.clients[client], let lost = one.lost else { return }
        // What still waited in its buffer is nothing new.
        guard one.phase == .live || one.phase == .polling || one.phase == .degraded, one.attempts > 0 else { return }
        self.clients[client]?.lost = nil
        guard let number = lost.fault, let fault = self.recent[number] else { return }
        let took = max(0, us - (fault.ended ?? us))
        self.faults[fault.id, default: OfFault()].recover.add(took)
        self.faults[fault.id, default: OfFault()].attempts += one.attempts
        self.recent[number]?.herd.back.append(took)
        self.recent[number]?.away -= 1
    }
}
