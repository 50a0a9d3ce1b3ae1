// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What a task waits for, and gets once: a head, and the body that belongs to it.
///
/// It travels through the lock; the continuation only says "look" (design D7).
final class CurlAnswer: Sendable {
    typealias Reply = (head: ResponseHead, body: HTTPBody)

    @safe
    private struct State {
        var answer: Result<Reply, FreshetError>?
        // Unsafe, for a checked one allocates. Proof: `wait` is called once, and whoever takes it out of here resumes it.
        var waiter: UnsafeContinuation<Void, Never>?
    }

    private let state = Locked(State())

    var isGiven: Bool { self.state.withLock { $0.answer != nil } }

    /// Gives the answer, unless there is one.
    func give(_ answer: Result<Reply, FreshetError>) {
        let waiter = unsafe self.state.withLock { state -> UnsafeContinuation<Void, Never>? in
            guard state.answer == nil else { return nil }
            state.answer = answer
            return unsafe state.waiter.take()
        }
        unsafe waiter?.resume()
    }

    func wait(onCancel: @escaping @Sendable () -> Void) async throws(FreshetError) -> Reply {
        await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                let isThere = self.state.withLock { state in
                    if state.answer == nil { unsafe state.waiter = continuation }
                    return state.answer != nil
                }
                if isThere { unsafe continuation.resume() }
            }
        } onCancel: {
            onCancel()
        }
        let answer = self.state.withLock { $0.answer.take() }
        guard let answer else { throw FreshetError(.cancelled, "nothing was waited for") }
        return try answer.get()
    }
}
