// SPDX-License-Identifier: Apache-2.0

/// What one feed may be missing, and how that is made up for: between the connection and the feed's buffer.
///
/// ```
///     new ── subscribed ──▶ live ◀───────────── fetched, merged: one batch ─────────────┐
///      │                    │  ▲ first new element                                      │
///      │               lost │  │                                                         │
///      │                    ▼  │      subscribed, and there is a position                │
///      │                   lost ──▶ replaying          confirmed                         │
///      └─ with a snapshot ──┴─────▶ settling ────────────────────▶ fetching ─────────────┘
///                                   (what comes live is held back in both)
/// ```
///
/// The order with a snapshot is always: subscribe, hold back what comes, fetch, merge, hand out in one batch, go live. A
/// snapshot that fails is fetched again; what was held back is never handed out over the hole that it leaves.
package struct ContinuityMachine: Sendable {
    package enum Action: Sendable {
        case deliver([FeedItem])
        /// Fetch, and answer with this number.
        case fetch(Int, Gap?)
        case cancelFetch
        /// Nothing from that position on is to be had: subscribe again, from the beginning.
        case subscribeAgain
    }

    private enum State {
        case new, live, lost, replaying
        /// Subscribed, as far as we know; the server has not said anything.
        case settling(Held)
        case fetching(Held)
    }

    /// What came meanwhile.
    private struct Held {
        var updates: [MarkedUpdate] = []
        var bytes = 0
        /// More came than may be held: what is fetched now is too old, and must be fetched again.
        var isStale = false
        /// Withheld until it is known whether there is one.
        var gap: Gap?
    }

    /// What may be held back while a snapshot is fetched; beyond it another one is fetched.
    package static let heldElements = 4096
    package static let heldBytes = 4 << 20

    private let recovery: Recovery
    private var state = State.new
    private var replay: Replay
    /// The number of the last fetch.
    private(set) package var fetch = 0
    private var resumedAt: Position?

    package init(_ recovery: Recovery, from position: Position? = nil) {
        self.recovery = recovery
        let overlap = if case .position(let overlap) = recovery { overlap } else { 0 }
        self.replay = Replay(overlap: overlap, from: position)
    }

    /// Where to subscribe from.
    package var position: Position? { self.replay.position }

    /// Whether marks are of use.
    package var wantsMarks: Bool {
        switch self.recovery {
        case .position: true
        case .none: false
        case .snapshot, .custom: if case .live = self.state { false } else { true }
        }
    }

    /// Whether there is nothing to look at: what comes is handed out.
    package var isPlain: Bool {
        guard case .live = self.state, !self.replay.isExpecting else { return false }
        if case .position = self.recovery { return false }
        return true
    }

    /// Whether everything is handed out as it comes.
    package var isLive: Bool {
        switch self.state {
        case .live, .replaying: true
        case .new, .lost, .settling, .fetching: false
        }
    }

    /// It was sent on a connection. `gap` is what there is if it had been live before.
    package mutating func subscribed(gap: Gap) -> [Action] {
        let isResumed = self.replay.position != nil
        let wasLost = if case .lost = self.state { true } else { false }
        switch self.recovery {
        case .none:
            self.state = .live
            return wasLost ? [.deliver([.gap(gap)])] : []
        case .position:
            self.resumedAt = self.replay.position
            self.replay.begin()
            self.state = isResumed ? .replaying : .live
            return wasLost && !isResumed ? [.deliver([.gap(gap)])] : []
        case .snapshot:
            self.state = .settling(Held())
            return wasLost ? [.deliver([.gap(gap)])] : []
        case .custom:
            self.state = .settling(Held(gap: wasLost ? gap : nil))
            return []
        }
    }

    /// The server knows of the subscription: what it sends from now on, and what is fetched from now on, overlap.
    package mutating func confirmed() -> [Action] {
        guard case .settling(let held) = self.state else { return [] }
        return self.startFetch(held)
    }

    private mutating func startFetch(_ held: Held) -> [Action] {
        self.fetch += 1
        self.state = .fetching(held)
        return [.fetch(self.fetch, held.gap)]
    }

    package mutating func received(_ updates: [MarkedUpdate]) -> [Action] {
        switch self.state {
        case .new, .lost:
            return []
        case .live, .replaying:
            return self.handOut(updates)
        case .settling(var held):
            self.hold(updates, &held)
            self.state = .settling(held)
            return []
        case .fetching(var held):
            self.hold(updates, &held)
            self.state = .fetching(held)
            return []
        }
    }

    private func hold(_ updates: [MarkedUpdate], _ held: inout Held) {
        held.updates += updates
        held.bytes = updates.reduce(held.bytes) { $0 + $1.payload.count }
        guard held.updates.count > Self.heldElements || held.bytes > Self.heldBytes else { return }
        held = Held(isStale: true, gap: held.gap)
    }

    private mutating func handOut(_ updates: [MarkedUpdate]) -> [Action] {
        var items: [FeedItem] = []
        items.reserveCapacity(updates.count)
        for update in updates {
            guard !self.replay.isRepetition(update) else { continue }
            if case .replaying = self.state {
                self.state = .live
                if let position = update.mark?.position, let resumedAt = self.resumedAt, position.isBefore(resumedAt) {
                    items.append(.gap(Self.wentBack))
                }
            }
            self.replay.delivered(update.mark)
            items.append(.update(update.payload))
        }
        return items.isEmpty ? [] : [.deliver(items)]
    }

    private static let wentBack = Gap(
        cause: .historyLost,
        reason: "the server went on before the position that the feed had reached",
        outage: .zero
    )

    /// The fetch of this number has succeeded.
    package mutating func fetched(_ number: Int, _ fetched: Fetched) -> [Action] {
        guard case .fetching(var held) = self.state, number == self.fetch else { return [] }
        guard !held.isStale else {
            held.isStale = false
            return self.startFetch(held)
        }
        self.state = .live
        var items = fetched.items
        if let gap = held.gap, fetched.kind != .changes { items.insert(.gap(gap), at: 0) }
        for update in held.updates where !Self.isCovered(update.mark, by: fetched.versions) {
            items.append(.update(update.payload))
        }
        return items.isEmpty ? [] : [.deliver(items)]
    }

    /// Whether the snapshot has this change already.
    private static func isCovered(_ mark: UpdateMark?, by versions: [JSONValue: Position]) -> Bool {
        guard let key = mark?.key, let position = mark?.position, let version = versions[key] else { return false }
        return position == version || position.isBefore(version)
    }

    /// The fetch of this number has failed in a way that another one may not: fetch again.
    package mutating func refetch(_ number: Int) -> [Action] {
        guard case .fetching(var held) = self.state, number == self.fetch else { return [] }
        held.isStale = false
        return self.startFetch(held)
    }

    /// The connection is gone, or the server interrupted the subscription.
    package mutating func lost() -> [Action] {
        switch self.state {
        case .new, .lost:
            return []
        case .live, .replaying, .settling:
            self.state = .lost
            return []
        case .fetching:
            self.state = .lost
            return [.cancelFetch]
        }
    }

    /// The server refused the subscription. Nil: that is its end.
    package mutating func refused(because error: FreshetError) -> [Action]? {
        guard case .replaying = self.state else { return nil }
        self.replay.forget()
        self.state = .new
        let gap = Gap(cause: .historyLost, reason: error.message, outage: .zero)
        return [.deliver([.gap(gap)]), .subscribeAgain]
    }

    // MARK: - Two connections

    /// The second connection takes over. `updates` came on it so far; `delivered` are the keys that came on the first since.
    package mutating func takeOver(_ updates: [MarkedUpdate], delivered: [JSONValue]) -> [Action] {
        self.replay.begin()
        self.replay.expect(delivered)
        self.state = .live
        return self.handOut(updates)
    }
}
