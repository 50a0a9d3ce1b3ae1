// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

/// Calls that block, on a thread of their own: Swift's pool has no thread to spare.
enum Blocking {
    private struct State<Value: Sendable>: Sendable {
        var result: Result<Value, FreshetError>?
        var waiter: CheckedContinuation<Void, Never>?
    }

    /// Runs `body` on a thread, and does not wait for it longer than `limit`: then it goes on alone, and fails for the
    /// caller.
    static func run<Value: Sendable>(
        within limit: (time: Duration, error: FreshetError)? = nil,
        _ body: @escaping @Sendable () -> Result<Value, FreshetError>
    ) async throws(FreshetError) -> Value {
        let state = Locked(State<Value>())
        let finish: @Sendable (Result<Value, FreshetError>) -> Void = { result in
            let waiter = state.withLock { state in
                if state.result == nil { state.result = result }
                return state.waiter.take()
            }
            waiter?.resume()
        }
        var deadline: Task<Void, Never>?
        await withCheckedContinuation { continuation in
            state.withLock { $0.waiter = continuation }
            Thread.start { finish(body()) }
            guard let limit else { return }
            deadline = Task {
                guard (try? await Task.sleep(for: limit.time)) != nil else { return }
                finish(.failure(limit.error))
            }
        }
        deadline?.cancel()
        guard let result = state.withLock({ $0.result }) else {
            throw FreshetError(.credentials, "a call ended without a result")
        }
        return try result.get()
    }
}
