// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

/// What the server says, and what comes of it.
extension SubscriptionEngine {
    /// Elements in a row for one stream: handed on in one piece.
    private struct Run {
        var id: SubscriptionID = 0
        var payloads: [Bytes] = []
        var bytes = 0
    }

    mutating func received(_ batches: [MessageBatch], on epoch: Epoch) {
        guard self.connections[epoch]?.isClosing == false, var source = self.takeSource(of: epoch) else { return }
        self.connections[epoch]?.lastHeard = self.now
        var run = Run()
        for message in batches.joined() {
            let event: SourceEvent
            do throws(SourceViolation) {
                event = try source.receive(message)
            } catch {
                self.connections[epoch]?.source = source
                self.handOn(&run, on: epoch)
                return self.closeConnection(epoch, error.frame, .failure(error.error))
            }
            if case .several(let events) = event {
                for event in events {
                    guard self.take(event, &run, &source, on: epoch) else { return }
                }
            } else {
                guard self.take(event, &run, &source, on: epoch) else { return }
            }
        }
        self.connections[epoch]?.source = source
        self.handOn(&run, on: epoch)
    }

    /// Takes what a message says; false when the connection is left because of it.
    private mutating func take(
        _ event: SourceEvent,
        _ run: inout Run,
        _ source: inout Source,
        on epoch: Epoch
    ) -> Bool {
        if case .update(let id, let payload) = event {
            if run.id != id, !run.payloads.isEmpty {
                // Handing on may end in something being sent, by the same source.
                self.connections[epoch]?.source = source
                source = self.template
                self.handOn(&run, on: epoch)
                guard self.connections[epoch]?.isClosing == false, let taken = self.takeSource(of: epoch) else {
                    return false
                }
                source = taken
            }
            run.id = id
            run.payloads.append(payload)
            run.bytes += payload.count
            return true
        }
        self.connections[epoch]?.source = source
        source = self.template
        self.handOn(&run, on: epoch)
        self.handle(event, on: epoch)
        guard self.connections[epoch]?.isClosing == false, let taken = self.takeSource(of: epoch) else { return false }
        source = taken
        return true
    }

    /// Takes a connection's source out until it is put back, so that it need not be looked up for each message, and is not copied
    /// when it changes: it may hold thousands of subscriptions.
    private mutating func takeSource(of epoch: Epoch) -> Source? {
        let (source, template) = (self.connections[epoch]?.source, self.template)
        self.connections[epoch]?.source = template
        return source
    }

    private mutating func handle(_ event: SourceEvent, on epoch: Epoch) {
        switch event {
        case .ready: self.drive(.ready(epoch))
        case .update, .several: break  // by the caller
        case .snapshot(let id, let state): self.received(state, of: id, on: epoch)
        case .progress(let id, let position): self.progressed(id, to: position, on: epoch)
        case .historyLost(let id, let cause, let reason): self.historyLost(id, cause, reason, on: epoch)
        case .confirmed(let id):
            self.actions.append(.stop(.confirmation(epoch, id)))
            self.confirmed([id], on: epoch)
            self.pump(epoch)
        case .failed(let id, let error): self.failed(id, error, on: epoch)
        case .unreadable(let id, let error):
            if self.isKnown(id, on: epoch) { self.end(id, .failed(error), byServer: false) }
        case .interrupted(let id, let error, let floor): self.interrupted(id, error, after: floor, on: epoch)
        case .completed(let id):
            if self.isKnown(id, on: epoch) { self.endedByServer(id, .finished, on: epoch) }
        case .reply(let message): self.actions.append(.send(epoch, message))
        case .answered:
            guard let ping = self.connections[epoch]?.pings.first else { return }
            self.connections[epoch]?.pings.removeFirst()
            if self.connections[epoch]?.pings.isEmpty == true { self.actions.append(.stop(.settle(epoch))) }
            self.answered(ping, on: epoch)
        case .speaksEvery(let longest):
            self.connections[epoch]?.speaksEvery = longest
            self.actions.append(.start(.silence(epoch), longest))
        case .speaks(let id, let longest): self.speaks(id, every: longest, on: epoch)
        case .refused(let error): self.closeConnection(epoch, CloseFrame(code: 1000, reason: ""), .failure(error))
        case .nothing(let note): if let note { self.actions.append(.note(note)) }
        }
    }

    mutating func answered(_ ping: Ping, on epoch: Epoch) {
        switch ping {
        case .spent: break
        case .subscriptions(let ids): self.confirmed(ids, on: epoch)
        case .barrier:
            guard epoch == self.current, self.handOver != nil else { return }
            self.actions.append(.start(.lastWord(epoch), Self.lastWordGrace))
        }
    }

    /// Whether what this connection says of a stream counts.
    func isKnown(_ id: SubscriptionID, on epoch: Epoch) -> Bool {
        self.streams[id]?.home == epoch || self.isOverlapping(id, on: epoch)
    }

    /// Whether this is the second of two connections that have a stream.
    func isOverlapping(_ id: SubscriptionID, on epoch: Epoch) -> Bool {
        self.handOver?.epoch == epoch && self.handOver?.overlaps[id] != nil
    }

    mutating func failed(_ id: SubscriptionID, _ error: FreshetError, on epoch: Epoch) {
        guard self.isKnown(id, on: epoch) else { return }
        if self.isOverlapping(id, on: epoch) {
            // What to do without it is decided when the new one takes over.
            self.handOver?.refused[id] = error
            return self.endOverlap(id, on: epoch)
        }
        guard let actions = self.streams[id]?.continuity.refused(because: error) else {
            return self.endedByServer(id, .failed(error), on: epoch)
        }
        self.dropOverlap(id)
        self.perform(actions, of: id)
    }

    private mutating func handOn(_ run: inout Run, on epoch: Epoch) {
        guard !run.payloads.isEmpty else { return }
        defer { run = Run() }
        guard let stream = self.streams[run.id], self.isKnown(run.id, on: epoch) else { return }
        if stream.speaksEvery != nil { self.streams[run.id]?.lastHeard = self.now }
        // A few small elements must not keep a whole read alive while they wait for their consumer.
        let chunk = run.payloads.map(\.chunk.bytes.count).max() ?? 0
        let payloads = run.bytes < chunk / 4 ? run.payloads.map { $0.detached() } : run.payloads
        if stream.kind != .subscription {
            self.deliver([.update(payloads[0])], of: run.id)
            return self.endedByServer(run.id, .finished, on: epoch)
        }
        if self.handOver == nil, stream.continuity.isPlain {
            if stream.failures > 0 { self.streams[run.id]?.failures = 0 }
            return self.deliver(payloads.map { .update($0) }, of: run.id)
        }
        if self.handOver == nil, stream.continuity.wantsOnlyLastMark, let last = payloads.last,
            let mark = self.template.mark(of: last, in: stream.request), mark.position != nil
        {
            self.streams[run.id]?.continuity.passed(mark)
            self.streams[run.id]?.failures = 0
            return self.deliver(payloads.map { .update($0) }, of: run.id)
        }
        let wantsMarks = stream.continuity.wantsMarks || self.handOver != nil
        let updates = payloads.map {
            MarkedUpdate($0, wantsMarks ? self.template.mark(of: $0, in: stream.request) : nil)
        }
        if self.isOverlapping(run.id, on: epoch) {
            self.handOver?.overlaps[run.id]?.cameOnNew(updates)
            return self.takeOverIfReady()
        }
        self.handOver?.overlaps[run.id]?.cameOnOld(updates)
        self.confirmed([run.id], on: epoch)
        if let actions = self.streams[run.id]?.continuity.received(updates) { self.perform(actions, of: run.id) }
        // One that is asked for again has another number now, and keeps its failures.
        self.streams[run.id]?.failures = 0
        if self.handOver != nil { self.takeOverIfReady() }
    }
}
