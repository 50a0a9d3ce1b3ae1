// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Calls that wait for their answer, and answers that came before their call waited.
struct AuthWaiters<Lease: Sendable> {
    typealias Answer = Result<Lease, FreshetError>
    typealias Continuation = CheckedContinuation<Answer, Never>

    private var last: AuthMachine.Waiter = 0
    private var waiting: [AuthMachine.Waiter: Continuation] = [:]
    private var answers: [AuthMachine.Waiter: Answer] = [:]

    /// A number for a call, never used twice.
    mutating func next() -> AuthMachine.Waiter {
        self.last += 1
        return self.last
    }

    /// What is there already.
    mutating func takeAnswer(_ waiter: AuthMachine.Waiter) -> Answer? { self.answers.removeValue(forKey: waiter) }

    mutating func wait(_ waiter: AuthMachine.Waiter, _ continuation: Continuation) {
        self.waiting[waiter] = continuation
    }

    mutating func settle(_ waiter: AuthMachine.Waiter, _ answer: Answer) {
        if let continuation = self.waiting.removeValue(forKey: waiter) {
            continuation.resume(returning: answer)
        } else {
            self.answers[waiter] = answer
        }
    }

    /// Whether it was waiting, and has got this answer now.
    mutating func cancel(_ waiter: AuthMachine.Waiter, _ answer: Answer) -> Bool {
        guard let continuation = self.waiting.removeValue(forKey: waiter) else { return false }
        continuation.resume(returning: answer)
        return true
    }
}
