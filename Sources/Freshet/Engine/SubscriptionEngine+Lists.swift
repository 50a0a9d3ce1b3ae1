// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Streams that begin with a list, and what sources say of whole states and positions.
extension SubscriptionEngine {
    /// Whether there is nothing to subscribe from before its list was fetched.
    func mustList(_ id: SubscriptionID) -> Bool { self.streams[id]?.continuity.mustList == true }

    /// Fetches the list, and subscribes when it has come.
    mutating func list(_ id: SubscriptionID, on epoch: Epoch) {
        self.connections[epoch]?.table.hold(id)
        // Of two connections the old one: on the new one it waits until that counts.
        guard var stream = self.streams[id], self.handOver?.epoch != epoch else { return }
        stream.home = epoch
        let gap = stream.takeGap(at: self.now)
        let actions = stream.continuity.list(gap: gap)
        self.streams[id] = stream
        self.perform(actions, of: id)
    }

    /// The whole state, from the source itself.
    mutating func received(_ state: Bytes, of id: SubscriptionID, on epoch: Epoch) {
        guard self.isKnown(id, on: epoch) else { return }
        if self.isOverlapping(id, on: epoch) {
            // Nothing says how it fits to what the old connection brings: it is subscribed once more when that is gone.
            return self.endOverlap(id, on: epoch)
        }
        self.streams[id]?.failures = 0
        self.confirmed([id], on: epoch)
        self.deliver([.snapshot(state)], of: id)
    }

    mutating func progressed(_ id: SubscriptionID, to position: Position, on epoch: Epoch) {
        guard self.streams[id]?.home == epoch else { return }
        self.streams[id]?.lastHeard = self.now
        self.streams[id]?.continuity.progressed(to: position)
        if self.streams[id]?.hearsBookmarks == true { self.deliver([.bookmark(position)], of: id) }
    }

    /// What came since the position is gone: the gap, and from the beginning; at once, unless it happens again and again.
    mutating func historyLost(_ id: SubscriptionID, _ cause: Gap.Cause, _ reason: String, on epoch: Epoch) {
        guard self.isKnown(id, on: epoch) else { return }
        guard !self.isOverlapping(id, on: epoch) else {
            // It is begun anew when the new one takes over.
            self.handOver?.historyLost[id] = Gap(cause: cause, reason: reason, outage: .zero)
            return self.endOverlap(id, on: epoch)
        }
        self.dropOverlap(id)
        self.expectSilence(of: id)
        guard var stream = self.streams[id] else { return }
        let actions = stream.continuity.historyLost(Gap(cause: cause, reason: reason, outage: stream.outage))
        stream.home = nil
        stream.failures += 1
        let failures = stream.failures
        self.streams[id] = stream
        self.perform(actions, of: id)
        guard failures > 1 else { return self.subscribeAgain(id) }
        self.connections[epoch]?.table.rest(id)
        let delay = self.policy.subscriptionBackoff.delay(attempt: failures - 1, jitter: self.jitter)
        self.actions.append(.start(.again(id), delay))
        self.pump(epoch)
    }

    /// On a connection that has taken over, whose server no longer has the position.
    mutating func beginAnew(_ id: SubscriptionID, _ gap: Gap, on epoch: Epoch) {
        self.lose(id, because: gap.reason)
        guard var stream = self.streams[id] else { return }
        stream.lostAt = nil
        let actions = stream.continuity.historyLost(gap)
        self.streams[id] = stream
        self.perform(actions, of: id)
        self.connections[epoch]?.table.requeue(id)
    }
}
