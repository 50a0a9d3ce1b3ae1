// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore

/// Whether the server can be reached, told to the feeds that ask for it.
final class FirestoreOnline: Sendable {
    /// What a feed hears when the server cannot be reached.
    struct Away: Sendable {}

    private struct Listener: Sendable {
        weak var buffer: FeedBuffer?
    }

    private struct State: Sendable {
        var isOffline = false
        var listeners: [Listener] = []
    }

    private let state = Locked(State())

    func add(_ buffer: FeedBuffer) {
        self.state.withLock { state in
            state.listeners.removeAll { $0.buffer == nil }
            state.listeners.append(Listener(buffer: buffer))
        }
    }

    /// A connection is there.
    func opened() { self.state.withLock { $0.isOffline = false } }

    /// An attempt has failed. The end of a connection that was there is no such thing: the next attempt may be well.
    func attemptFailed() {
        let buffers = self.state.withLock { state -> [FeedBuffer] in
            guard !state.isOffline else { return [] }
            state.isOffline = true
            return state.listeners.compactMap(\.buffer)
        }
        // On the loop's thread, as everything else that is told to them.
        for buffer in buffers { _ = buffer.append([.value(Away(), isSnapshot: false)], bytes: 0) }
    }
}
