// SPDX-License-Identifier: Apache-2.0

/// Which subscriptions there are, and which of them the server knows on the present connection.
package struct SubscriptionTable: Sendable {
    /// Unique for the life of a manager, so that a late word about an ended subscription never meets a new one.
    package typealias ID = UInt64

    private enum Entry {
        /// Never sent: there is nothing it could have missed.
        case new
        /// Sent on the present connection.
        case active
        /// Sent on an earlier connection: what came since is missing.
        case interrupted
    }

    package enum Action: Sendable, Equatable {
        case subscribe(ID)
        case unsubscribe(ID)
        /// Say in the feed that something may be missing, before anything else.
        case markGap(ID)
    }

    private var entries: [ID: Entry] = [:]
    private var lastID: ID = 0
    private var connected = false

    package init() {}

    package var isEmpty: Bool { self.entries.isEmpty }

    package mutating func add() -> (id: ID, actions: [Action]) {
        self.lastID += 1
        self.entries[self.lastID] = self.connected ? .active : .new
        return (self.lastID, self.connected ? [.subscribe(self.lastID)] : [])
    }

    /// The consumer left.
    package mutating func cancel(_ id: ID) -> [Action] {
        guard case .active? = self.entries.removeValue(forKey: id), self.connected else { return [] }
        return [.unsubscribe(id)]
    }

    /// The server ended it: there is nothing to unsubscribe.
    package mutating func finish(_ id: ID) {
        self.entries[id] = nil
    }

    package mutating func removeAll() {
        self.entries = [:]
    }

    package mutating func connectionReady() -> [Action] {
        self.connected = true
        var actions: [Action] = []
        for id in self.entries.keys.sorted() {
            if case .interrupted? = self.entries[id] { actions.append(.markGap(id)) }
            actions.append(.subscribe(id))
            self.entries[id] = .active
        }
        return actions
    }

    package mutating func connectionLost() {
        self.connected = false
        for (id, entry) in self.entries {
            if case .active = entry { self.entries[id] = .interrupted }
        }
    }
}
