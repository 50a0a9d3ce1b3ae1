// SPDX-License-Identifier: Apache-2.0

/// Which subscriptions there are on one connection, and which of them wait to be sent, in which order, and how fast.
///
/// They go out in the order in which they were made: `SubscriptionPace.burst` without a pause, then a pause before as many
/// again. Where a source demands it, each waits for the server's word on the one before.
package struct SubscriptionTable: Sendable {
    /// Unique for the life of a manager, so that a late word about an ended subscription never meets a new one.
    package typealias ID = UInt64

    package enum Step: Sendable, Equatable {
        case send(ID)
        /// Nothing before so much time has passed.
        case wait(Duration)
        case nothing
    }

    private enum Entry {
        case waiting, sent
        /// The server refused it for now: not in the queue before `requeue`.
        case resting
        /// What to subscribe from is found out first: not in the queue before `requeue` either, but nothing is wrong.
        case held
    }

    private let pace: SubscriptionPace
    private let oneByOne: Bool
    private var entries: [ID: Entry] = [:]
    /// How many wait, or rest.
    package private(set) var unsent = 0
    /// How many rest.
    package private(set) var resting = 0
    /// Those that wait, and perhaps some that have gone since. What is before `head` is done with.
    private var queue: [ID] = []
    private var head = 0
    private var sentInBurst = 0
    private var burstBegan: Duration?
    /// The one whose confirmation is waited for.
    private var unconfirmed: ID?

    /// A connection that knows none of `ids` yet.
    package init(_ ids: [ID] = [], pace: SubscriptionPace = SubscriptionPace(), oneByOne: Bool = false) {
        self.pace = pace
        self.oneByOne = oneByOne
        for id in ids { self.add(id) }
    }

    /// Changes an entry, and counts: to count them all each time would be too slow for thousands.
    @discardableResult
    private mutating func set(_ id: ID, _ entry: Entry?) -> Entry? {
        let old = self.entries[id]
        self.entries[id] = entry
        self.unsent += Self.isUnsent(entry) - Self.isUnsent(old)
        self.resting += (entry == .resting ? 1 : 0) - (old == .resting ? 1 : 0)
        return old
    }

    private static func isUnsent(_ entry: Entry?) -> Int { entry == .waiting || entry == .resting ? 1 : 0 }

    package func contains(_ id: ID) -> Bool { self.entries[id] != nil }

    package mutating func add(_ id: ID) {
        self.set(id, .waiting)
        self.queue.append(id)
    }

    /// It is over, or the consumer left; true when the server knows it.
    package mutating func remove(_ id: ID) -> Bool {
        self.confirmed(id)
        return self.set(id, nil) == .sent
    }

    package mutating func rest(_ id: ID) {
        self.confirmed(id)
        if self.entries[id] != nil { self.set(id, .resting) }
    }

    package mutating func hold(_ id: ID) {
        self.confirmed(id)
        if self.entries[id] != nil { self.set(id, .held) }
    }

    /// To be sent again, after all that wait.
    package mutating func requeue(_ id: ID) {
        self.confirmed(id)
        guard let entry = self.entries[id], entry != .waiting else { return }
        self.add(id)
    }

    /// The server's word that it has understood a subscription, be it by its first element.
    package mutating func confirmed(_ id: ID) {
        if self.unconfirmed == id { self.unconfirmed = nil }
    }

    /// What to do next; call it until it is not `send`.
    package mutating func next(at now: Duration) -> Step {
        guard self.unconfirmed == nil else { return .nothing }
        while self.head < self.queue.count {
            let id = self.queue[self.head]
            guard self.entries[id] == .waiting else {
                self.head += 1
                continue
            }
            let since = self.burstBegan.map { now - $0 } ?? self.pace.interval
            if since >= self.pace.interval {
                self.burstBegan = now
                self.sentInBurst = 0
            } else if self.sentInBurst >= self.pace.burst {
                return .wait(self.pace.interval - since)
            }
            self.sentInBurst += 1
            self.head += 1
            self.set(id, .sent)
            if self.oneByOne { self.unconfirmed = id }
            return .send(id)
        }
        self.queue = []
        self.head = 0
        return .nothing
    }
}
