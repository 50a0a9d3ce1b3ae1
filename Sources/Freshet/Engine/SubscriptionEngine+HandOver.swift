// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

/// Two connections for a short while: every subscription is made on the second one too, and when all of them are known to be
/// live there, all are handed over at once.
extension SubscriptionEngine {
    enum Barrier { case notYet, waiting, probed, passed }

    struct HandOver {
        /// The second connection.
        let epoch: Epoch
        var overlaps: [SubscriptionID: Overlap] = [:]
        /// Whether the old connection has said everything that it had to say when the new one was subscribed.
        var barrier = Barrier.notYet
        /// What the second connection's server does not want to serve.
        var refused: [SubscriptionID: FreshetError] = [:]
        /// What its server no longer has the position of.
        var historyLost: [SubscriptionID: Gap] = [:]
        /// What its server cannot serve now, and the least that is to be waited.
        var interrupted: [SubscriptionID: (error: FreshetError, floor: Duration)] = [:]

        /// Nothing that the second connection has said of it counts.
        mutating func forget(_ id: SubscriptionID) {
            self.overlaps[id] = nil
            self.refused[id] = nil
            self.historyLost[id] = nil
            self.interrupted[id] = nil
        }
    }

    mutating func beginHandOver(to epoch: Epoch) {
        let ids = self.streams.keys.sorted().filter { self.streams[$0]?.kind == .subscription }
        self.handOver = HandOver(epoch: epoch)
        self.actions.append(.connected(epoch))
        let table = self.makeTable(ids)
        self.connections[epoch]?.table = table
        self.pauseIfFull(epoch)
        self.pump(epoch)
        self.takeOverIfReady()
    }

    mutating func takeOverIfReady() {
        guard let handOver = self.handOver, let table = self.connections[handOver.epoch]?.table else { return }
        if handOver.overlaps.values.contains(where: \.isOverfull) {
            self.takeOver(handOver.epoch, because: "the connection was replaced while more came than could be compared")
            return self.drive(.handedOver(handOver.epoch))
        }
        guard table.unsent == 0, handOver.overlaps.values.allSatisfy(\.isConfirmed) else { return }
        if handOver.barrier == .notYet { return self.setBarrier() }
        let isLastWord = handOver.barrier == .passed
        for (id, overlap) in handOver.overlaps where self.streams[id]?.continuity.isLive == true {
            guard overlap.canTakeOver(afterLastWord: isLastWord) else { return }
        }
        // A result that is still to come on the old connection is waited for.
        let isBusy = self.streams.values.contains { $0.kind != .subscription && $0.home == self.current }
        guard !isBusy else { return }
        self.takeOver(handOver.epoch, because: "the connection was replaced")
        self.drive(.handedOver(handOver.epoch))
    }

    /// Servers answer a ping at once, and send elements from another task: an answer may overtake an element that was there
    /// before it, and come before a subscription is in force. So much later a feed on which nothing came is taken to be
    /// quiet; one on which something came shows where it stands by that.
    static var lastWordGrace: Duration { .milliseconds(100) }

    mutating func heardLastWord(_ epoch: Epoch) {
        guard epoch == self.current else { return }
        self.handOver?.barrier = .passed
        self.takeOverIfReady()
    }

    /// The new connection knows everything: from when the old one has said all that it had to say until now, nothing can
    /// fall between them.
    private mutating func setBarrier() {
        guard let current = self.current else { return }
        // Where the source has no ping, that of the WebSocket has to do.
        if let ping = self.connections[current]?.source.ping() {
            self.handOver?.barrier = .waiting
            self.connections[current]?.pings.append(.barrier)
            self.actions.append(.send(current, ping))
        } else {
            self.handOver?.barrier = .probed
            self.actions.append(.probe(current))
        }
        self.takeOverIfReady()
    }

    /// From here on the second connection is the one that counts.
    mutating func takeOver(_ epoch: Epoch, because reason: String) {
        guard let handOver = self.handOver, handOver.epoch == epoch else { return }
        let old = self.current
        self.handOver = nil
        self.current = epoch
        self.isMoving = true
        for id in self.streams.keys.sorted() {
            guard let stream = self.streams[id], stream.home == old || stream.home == nil else { continue }
            if let gap = handOver.historyLost[id] {
                self.beginAnew(id, gap, on: epoch)
            } else if let error = handOver.refused[id] {
                self.refused(id, error, on: epoch)
            } else if let (error, floor) = handOver.interrupted[id] {
                self.streams[id]?.home = epoch
                self.interrupted(id, error, after: floor, on: epoch)
            } else if stream.kind != .subscription {
                self.moveOneShot(id, to: epoch)
            } else if let overlap = handOver.overlaps[id] {
                self.move(id, overlap, handOver, because: reason)
            } else {
                // Not sent on the new connection yet: it waits there for its turn.
                self.lose(id, because: reason)
                self.connections[epoch]?.table.requeue(id)
            }
        }
        self.isMoving = false
        self.pump(epoch)
    }

    /// The second connection does not have it: the old one still does, and it is not waited for any more.
    mutating func endOverlap(_ id: SubscriptionID, on epoch: Epoch) {
        self.handOver?.overlaps[id] = nil
        self.heard(of: id, on: epoch)
        self.takeOverIfReady()
    }

    /// It begins anew on the old connection, and what the second one brings goes on from where it was before: that does not
    /// count. It is subscribed there once more when that takes over.
    mutating func dropOverlap(_ id: SubscriptionID) {
        guard let handOver = self.handOver else { return }
        self.handOver?.forget(id)
        guard handOver.overlaps[id] != nil, let message = self.connections[handOver.epoch]?.source.unsubscribe(id)
        else { return }
        self.actions.append(.send(handOver.epoch, message))
    }

    private mutating func move(
        _ id: SubscriptionID,
        _ overlap: Overlap,
        _ handOver: HandOver,
        because reason: String
    ) {
        guard var stream = self.streams[id] else { return }
        stream.home = handOver.epoch
        if stream.lostAt == nil { (stream.lostAt, stream.lostBecause) = (self.now, reason) }
        let actions = stream.continuity.takeOver(
            overlap,
            afterLastWord: handOver.barrier == .passed,
            gap: stream.takeGap(at: self.now)
        )
        self.streams[id] = stream
        self.perform(actions, of: id)
    }

    /// The new connection's server does not want to serve it: perhaps only not from its position.
    private mutating func refused(_ id: SubscriptionID, _ error: FreshetError, on epoch: Epoch) {
        guard var stream = self.streams[id] else { return }
        stream.home = epoch
        _ = stream.continuity.lost()
        _ = stream.continuity.subscribed(gap: stream.takeGap(at: self.now))
        let actions = stream.continuity.refused(because: error)
        self.streams[id] = stream
        if let actions { self.perform(actions, of: id) } else { self.end(id, .failed(error)) }
    }

    /// What was sent on the old connection is asked again; what still waited there for its turn now waits on the new one.
    private mutating func moveOneShot(_ id: SubscriptionID, to epoch: Epoch) {
        if self.streams[id]?.home != nil { self.lose(id, because: "") }
        guard self.streams[id] != nil else { return }
        self.connections[epoch]?.table.add(id)
    }

    /// The second connection is gone before it took over: everything is still where it was.
    mutating func cancelHandOver(_ epoch: Epoch) {
        guard self.handOver?.epoch == epoch else { return }
        self.handOver = nil
        if let current = self.current { self.actions.append(.stop(.lastWord(current))) }
        for id in self.streams.keys.sorted() {
            if self.streams[id]?.home == epoch { self.lose(id, because: "") }
            // What came meanwhile is not on the old one yet, be it sent on the new one or still waiting there.
            guard let stream = self.streams[id], stream.home == nil, let current = self.current,
                self.connections[current]?.table.contains(id) == false
            else { continue }
            self.connections[current]?.table.add(id)
        }
        if let current = self.current { self.pump(current) }
    }
}

extension SubscriptionEngine.Stream {
    /// What it may have missed until now.
    mutating func takeGap(at now: Duration) -> Gap {
        defer { self.lostAt = nil }
        return Gap(cause: .unknown, reason: self.lostBecause, outage: self.lostAt.map { now - $0 } ?? .zero)
    }
}
