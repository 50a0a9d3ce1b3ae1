// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Streams with numbers, one of which did not come.
extension SubscriptionEngine {
    /// Ends a subscription on the server, and makes it again after a backoff, from where it stands.
    ///
    /// It gets another number: what still comes of the old one is nobody's then, and cannot be taken for the new one's.
    mutating func askAgain(_ id: SubscriptionID, because reason: String) {
        self.actions.append(.note("\(reason): it is asked for again"))
        self.lose(id, because: reason)
        guard var stream = self.streams.removeValue(forKey: id) else { return }
        self.lastID += 1
        let new = self.lastID
        stream.failures += 1
        let delay = self.policy.subscriptionBackoff.delay(attempt: stream.failures, jitter: self.jitter)
        for consumer in stream.consumers { self.consumers[consumer] = new }
        if let sharing = stream.sharing { self.shared[sharing] = new }
        self.streams[new] = stream
        self.handOver?.forget(id)
        // Of two connections on the new one: it stays.
        if let epoch = self.handOver?.epoch ?? self.current {
            self.connections[epoch]?.table.add(new)
            self.connections[epoch]?.table.rest(new)
        }
        self.actions.append(.start(.again(new), delay))
        self.unsubscribe(id)
        self.reportState()
    }
}
