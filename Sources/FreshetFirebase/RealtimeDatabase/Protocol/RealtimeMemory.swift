// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What a client knows beyond one connection.
package final class RealtimeMemory: Sendable {
    private struct State: Sendable {
        var lastNumber: Int64 = 0
        var lastTag: Int64 = 0
        var host: String?
        var session: String?
        var clockOffset: Duration?
        /// What was there on the last connection.
        var trees: RealtimeTrees?
    }

    private let state = Locked(State())

    package init() {}

    /// Numbers of requests go up through all connections.
    func nextNumber() -> Int64 {
        self.state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
    }

    func nextTag() -> Int64 {
        self.state.withLock { state in
            state.lastTag += 1
            return state.lastTag
        }
    }

    // MARK: - Where to connect

    /// Where the server wants to be asked instead of its URL's host.
    package var host: String? {
        get { self.state.withLock { $0.host } }
        set { self.state.withLock { $0.host = newValue } }
    }

    /// By which a server recognises a client that comes back, and lets its old connection go.
    package var session: String? {
        get { self.state.withLock { $0.session } }
        set { self.state.withLock { $0.session = newValue } }
    }

    /// The server's clock minus this one.
    package var clockOffset: Duration? {
        get { self.state.withLock { $0.clockOffset } }
        set { self.state.withLock { $0.clockOffset = newValue } }
    }

    // MARK: - What was there

    /// Begins a connection's.
    ///
    /// - Returns: the last one's, which may still be alive.
    func replaceTrees(by trees: RealtimeTrees) -> RealtimeTrees? {
        self.state.withLock { state in
            defer { state.trees = trees }
            return state.trees
        }
    }
}
