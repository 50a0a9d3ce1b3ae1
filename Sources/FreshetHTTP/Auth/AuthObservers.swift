// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Who wants to know what happens to a session.
final class AuthObservers: Sendable {
    private struct State: Sendable {
        var continuations: [UInt64: AsyncStream<AuthEvent>.Continuation] = [:]
        var lastID: UInt64 = 0
    }

    private let state = Locked(State())

    func stream() -> AsyncStream<AuthEvent> {
        let (stream, continuation) = AsyncStream<AuthEvent>.makeStream(bufferingPolicy: .bufferingNewest(64))
        let id = self.state.withLock { state in
            state.lastID += 1
            state.continuations[state.lastID] = continuation
            return state.lastID
        }
        continuation.onTermination = { [weak self] _ in
            // What is removed may be freed by this: not under the lock.
            _ = self?.state.withLock { $0.continuations.removeValue(forKey: id) }
        }
        return stream
    }

    func tell(_ event: AuthEvent) {
        for continuation in self.state.withLock({ Array($0.continuations.values) }) { continuation.yield(event) }
    }

    deinit {
        for continuation in self.state.withLock({ Array($0.continuations.values) }) { continuation.finish() }
    }
}
