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
///
///     new, without a position ── listing ──▶ new, with one         (the source lists first, and subscribes from there)
/// ```
///
/// The order with a snapshot is always: subscribe, hold back what comes, fetch, merge, hand out in one batch, go live. A
/// snapshot that fails is fetched again; what was held back is never handed out over the hole that it leaves.
package struct ContinuityMachine: Sendable {
    package enum Action: Sendable {
        case deliver([FeedItem])
        /// Fetch, and answer with this number.
        case fetch(Int, Gap?)
        /// Fetch again after a while: call `refetch`.
        case fetchLater(Int)
        case cancelFetch
        /// Nothing from that position on is to be had: subscribe again, from the beginning.
        case subscribeAgain
        /// End it on the server, and after a while subscribe again from the position; always the last action.
        case askAgain(String)
        /// The feed cannot go on; always the last action.
        case fail(FreshetError)
        /// For the log: the server did something odd.
        case note(String)
    }

    enum State {
        case new, live, lost, replaying
        /// The state is fetched, and not subscribed to yet.
        case listing
        /// Subscribed, as far as we know; the server has not said anything.
        case settling(Held)
        case fetching(Held)
    }

    /// What came meanwhile.
    struct Held {
        var updates: [MarkedUpdate] = []
        var bytes = 0
        /// More came than may be held: what is fetched now is too old, and must be fetched again.
        var isStale = false
        /// Withheld until it is known whether there is one.
        var gap: Gap?
    }

    /// What may be held back while a snapshot is fetched; beyond it another one is fetched, for which twice as much may be
    /// held, and so on to sixteen times as much.
    package static let heldElements = 4096
    package static let heldBytes = 4 << 20

    let recovery: Recovery
    var state = State.new
    var replay: Replay
    /// The number of the last fetch.
    package internal(set) var fetch = 0
    private var patience = 1
    /// What the last snapshot had of each object: changes that are no newer may still be on their way.
    private var covered: [JSONValue: Position] = [:]
    var resumedAt: Position?
    var numbering = Numbering()
    /// A gap that was withheld when its subscription was lost again.
    var withheld: Gap?
    /// What the next list makes up for; nil at the beginning.
    var listsFor: Gap?

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
        case .position, .list, .numbered: true
        case .none: false
        case .snapshot, .custom:
            if case .live = self.state { !self.covered.isEmpty } else { true }
        }
    }

    /// Whether keys are those of elements. With a snapshot they are those of the objects that the elements are about.
    var hasKeys: Bool {
        switch self.recovery {
        case .position, .list, .numbered: true
        case .none, .snapshot, .custom: false
        }
    }

    /// Whether there is nothing to look at: what comes is handed out.
    package var isPlain: Bool {
        guard case .live = self.state, !self.replay.isExpecting, self.covered.isEmpty else { return false }
        switch self.recovery {
        case .position, .list, .numbered: return false
        case .none, .snapshot, .custom: return true
        }
    }

    /// Whether what comes is handed out, and only where the last of it stands has to be known: `passed` says so.
    package var wantsOnlyLastMark: Bool {
        guard case .live = self.state, !self.replay.isExpecting, self.covered.isEmpty else { return false }
        return self.recovery == .list || self.recovery == .position(overlap: 0)
    }

    /// Everything up to here was handed out.
    package mutating func passed(_ mark: UpdateMark) { self.replay.delivered(mark) }

    /// Whether everything is handed out as it comes.
    package var isLive: Bool {
        switch self.state {
        case .live, .replaying: true
        case .new, .lost, .listing, .settling, .fetching: false
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
        case .position, .list, .numbered:
            self.resumedAt = self.replay.position
            self.numbering.begin(outage: gap.outage)
            self.replay.begin()
            self.state = isResumed ? .replaying : .live
            return wasLost && !isResumed ? [.deliver([.gap(gap)])] : []
        case .snapshot:
            self.state = .settling(Held())
            return wasLost ? [.deliver([.gap(gap)])] : []
        case .custom:
            let all = self.withheld.map { $0.merged(with: gap) } ?? gap
            self.withheld = nil
            self.state = .settling(Held(gap: wasLost ? all : nil))
            return []
        }
    }

    /// The server knows of the subscription: what it sends from now on, and what is fetched from now on, overlap.
    package mutating func confirmed() -> [Action] {
        guard case .settling(var held) = self.state else { return [] }
        // What is fetched from now on is newer than whatever could not be held.
        held.isStale = false
        return self.startFetch(held)
    }

    private mutating func startFetch(_ held: Held) -> [Action] {
        self.fetch += 1
        // What came before it was asked for is kept: a snapshot may be made from a copy that is a little behind.
        self.state = .fetching(held)
        return [.fetch(self.fetch, held.gap)]
    }

    package mutating func received(_ updates: [MarkedUpdate]) -> [Action] {
        switch self.state {
        case .new, .lost, .listing:
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
        guard held.updates.count > Self.heldElements * self.patience || held.bytes > Self.heldBytes * self.patience
        else { return }
        held = Held(isStale: true, gap: held.gap)
    }

    mutating func handOut(_ updates: [MarkedUpdate]) -> [Action] {
        guard self.recovery != .numbered else { return self.handOutNumbered(updates) }
        var items: [FeedItem] = []
        items.reserveCapacity(updates.count)
        for update in updates {
            guard !self.replay.isRepetition(update, byKey: self.hasKeys), !self.isCovered(update.mark) else { continue }
            if case .replaying = self.state {
                self.state = .live
                if let position = update.mark?.position, let resumedAt = self.resumedAt, position.isBefore(resumedAt) {
                    items.append(.gap(Self.wentBack))
                }
            }
            if self.hasKeys { self.replay.delivered(update.mark) }
            items.append(.update(update.payload))
        }
        return items.isEmpty ? [] : [.deliver(items)]
    }

    private static let wentBack = Gap(
        cause: .historyLost,
        reason: "the server went on before the position that the feed had reached",
        outage: .zero
    )

    /// Whether there is nothing before its list has come.
    package var isListing: Bool {
        if case .listing = self.state { true } else { false }
    }

    /// Whether this fetch is waited for.
    package func isFetching(_ number: Int) -> Bool {
        switch self.state {
        case .fetching, .listing: number == self.fetch
        case .new, .live, .lost, .replaying, .settling: false
        }
    }

    /// The fetch of this number has succeeded.
    package mutating func fetched(_ number: Int, _ fetched: Fetched) -> [Action] {
        if case .listing = self.state, number == self.fetch { return self.listed(fetched) }
        guard case .fetching(let held) = self.state, number == self.fetch else { return [] }
        guard !held.isStale else {
            self.patience = min(self.patience * 2, 16)
            return [.fetchLater(number)]
        }
        self.state = .live
        self.covered = fetched.versions
        var items = fetched.items
        if let gap = held.gap, fetched.kind != .changes { items.insert(.gap(gap), at: 0) }
        for update in held.updates where !self.isCovered(update.mark) { items.append(.update(update.payload)) }
        return items.isEmpty ? [] : [.deliver(items)]
    }

    /// Whether the snapshot has this change already. One that is certainly newer says that no older ones will come.
    private mutating func isCovered(_ mark: UpdateMark?) -> Bool {
        guard let key = mark?.key, let position = mark?.position, let version = self.covered[key] else { return false }
        if position.isBefore(version) { return true }
        if version.isBefore(position) { self.covered[key] = nil }
        return position == version
    }

    /// The fetch of this number has failed in a way that another one may not: fetch again.
    package mutating func refetch(_ number: Int) -> [Action] {
        if case .listing = self.state, number == self.fetch { return self.list() }
        guard case .fetching(var held) = self.state, number == self.fetch else { return [] }
        held.isStale = false
        return self.startFetch(held)
    }

    /// The connection is gone, or the server interrupted the subscription.
    package mutating func lost() -> [Action] {
        let wasFetching: Bool
        switch self.state {
        case .fetching, .listing: wasFetching = true
        case .new, .live, .lost, .replaying, .settling: wasFetching = false
        }
        switch self.state {
        case .new, .lost: return []
        case .live, .replaying: break
        // Nothing was missed yet that a gap does not say already.
        case .listing:
            self.state = .new
            return [.cancelFetch]
        case .settling(let held), .fetching(let held): self.withheld = held.gap
        }
        self.state = .lost
        return wasFetching ? [.cancelFetch] : []
    }

    /// The server refused the subscription. Nil: that is its end.
    package mutating func refused(because error: FreshetError) -> [Action]? {
        // Who lists says by itself when a position is gone: another refusal would come again.
        guard case .replaying = self.state, self.recovery != .list else { return nil }
        self.replay.forget()
        self.state = .new
        let gap = Gap(cause: .historyLost, reason: error.message, outage: .zero)
        if self.listsFirst { self.listsFor = gap }
        return [.deliver([.gap(gap)]), .subscribeAgain]
    }
}
