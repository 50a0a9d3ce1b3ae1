// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// Sends calls again, as a ``RetryPolicy`` says. The last answer is handed on, whatever its status.
public struct RetryMiddleware: HTTPMiddleware {
    private let policy: RetryPolicy
    private let time: TimeSource

    /// Makes the middleware.
    ///
    /// - Parameter policy: which calls are sent again, how often, and when.
    public init(_ policy: RetryPolicy = RetryPolicy()) {
        self.init(policy, time: TimeSource())
    }

    package init(_ policy: RetryPolicy, time: TimeSource) {
        self.policy = policy
        self.time = time
    }

    /// Sends a call, and again where that is allowed.
    ///
    /// - Parameters:
    ///   - call: what is asked.
    ///   - next: the rest of the way to the server.
    /// - Returns: the reply of the last attempt.
    /// - Throws: what ended the last attempt; `.cancelled` when the task is cancelled, in a wait too.
    public func intercept(_ call: HTTPCall, next: HTTPNext) async throws(FreshetError) -> HTTPReply {
        var call = call
        while true {
            let reply: HTTPReply?
            let error: FreshetError
            do throws(FreshetError) {
                let answer = try await next(call)
                // What a redirect led to says nothing against the call before it, which was executed.
                guard self.policy.statuses.contains(answer.response.status.code), !answer.isAfterExecution else {
                    return answer
                }
                // What the body says is not needed for the decision, and may be for the caller.
                error = await HTTPReply(answer.response).error(for: call)
                reply = answer
            } catch let failure {
                error = failure
                reply = nil
            }
            guard let delay = self.policy.delay(after: error, of: call, jitter: self.time.jitter()) else {
                guard let reply else { throw error }
                return reply
            }
            await reply?.discard()
            guard (try? await self.time.sleep(delay)) != nil else {
                throw FreshetError(.cancelled, "the task was cancelled between two attempts")
            }
            call.attempt += 1
        }
    }
}

extension HTTPReply {
    /// Reads what is left of a small body, so that its connection can be kept; a large one is broken off.
    package func discard() async {
        _ = try? await self.body.collect(upTo: 64 << 10, isolation: nil)
    }
}
