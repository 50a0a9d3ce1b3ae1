// SPDX-License-Identifier: Apache-2.0

/// No connection, or two of them at once.
extension ContinuityMachine {
    // MARK: - Without a connection

    /// What was missed is told, and made up for by other means, as long as `bridgeEnded` is not called: the next
    /// subscription begins without a gap.
    package mutating func bridged() {
        self.withheld = nil
        if case .lost = self.state { self.state = .new }
    }

    /// There are no such means any more, and no connection yet.
    package mutating func bridgeEnded() {
        if case .new = self.state { self.state = .lost }
    }

    // MARK: - Two connections

    /// Beginning on a second connection as well, from the present position.
    package func overlap() -> Overlap {
        Overlap(from: self.replay.position, byKey: self.hasKeys, repeated: self.replay.keys)
    }

    /// The second connection takes over; where nothing is known that fits, there is a gap.
    ///
    /// - Parameters:
    ///   - overlap: what came on both.
    ///   - afterLastWord: whether all has come that the old connection had to say when the new one was subscribed.
    ///   - gap: what there may be.
    /// - Returns: what is to be done.
    package mutating func takeOver(_ overlap: Overlap, afterLastWord: Bool, gap: Gap) -> [Action] {
        if self.recovery == .numbered, self.isLive, self.replay.position != nil {
            // Its numbers say how the new stream goes on from the old one, whatever has come of either.
            self.numbering.begin(outage: gap.outage)
            self.state = overlap.position == nil ? .live : .replaying
            return self.handOut(overlap.held)
        }
        if self.isLive, let (updates, repeated) = overlap.takeOver(afterLastWord: afterLastWord) {
            self.replay.begin()
            self.replay.expect(repeated)
            // Its server may still refuse the position, as long as nothing new has come.
            self.resumedAt = overlap.position
            self.state = overlap.position == nil ? .live : .replaying
            return self.handOut(updates)
        }
        switch self.recovery {
        case .none where self.isLive, .position where self.isLive, .list where self.isLive, .numbered where self.isLive:
            // What was handed out already may still come again, in whatever order.
            self.replay.expect(Array(Set(overlap.old)))
            self.state = .live
            return [.deliver([.gap(gap)])] + self.handOut(overlap.held)
        case .none, .position, .list, .numbered, .snapshot, .custom:
            var actions = self.lost()
            actions += self.subscribed(gap: gap)
            // Where the old one broke before the new one was known to be subscribed, what is fetched now may be older than that.
            if overlap.isConfirmed { actions += self.confirmed() }
            return actions + self.received(overlap.held)
        }
    }
}
