// SPDX-License-Identifier: Apache-2.0

import FreshetCore
package import FreshetTransport

/// Connections that do what a test says, and remember what was sent.
package final class ScriptedTransport: WebSocketTransport {
    private struct State: Sendable {
        var dials: [ScriptedLink] = []
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Locked(State())

    package init() {}

    package func dial(
        _ target: WebSocketTarget,
        on loop: EventLoop,
        events: @escaping @Sendable (WebSocketEvent) -> Void
    ) -> any WebSocketLink {
        let link = ScriptedLink(target: target, loop: loop, events: events)
        let ready = self.state.withLock { state in
            state.dials.append(link)
            let count = state.dials.count
            let ready = state.waiters.filter { $0.count <= count }
            state.waiters.removeAll { $0.count <= count }
            return ready.map(\.continuation)
        }
        for continuation in ready { continuation.resume() }
        return link
    }

    /// How many attempts there have been.
    package var dialCount: Int { self.state.withLock { $0.dials.count } }

    /// Attempt `number`, from 1, as soon as there is one.
    package func dial(_ number: Int) async -> ScriptedLink {
        await withCheckedContinuation { continuation in
            let ready = self.state.withLock { state in
                if state.dials.count >= number { return true }
                state.waiters.append((number, continuation))
                return false
            }
            if ready { continuation.resume() }
        }
        return self.state.withLock { $0.dials[number - 1] }
    }
}
