// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore

/// Questions with one answer, over the same connection as everything else.
extension RealtimeDatabase {
    /// What is at a place.
    func node(at target: RealtimeTarget) async throws(FreshetError) -> RealtimeNode {
        let late = FreshetError(
            .timeout(.total),
            "no answer to get \(target.path.text) within \(self.configuration.requestTimeout)"
        )
        let payload = try await self.answer(to: .get(target), late: late)
        guard let value = RealtimeJSON.value(payload) else {
            throw FreshetError(.protocolViolation, "the answer to get \(target.path.text) is not JSON")
        }
        return RealtimeNode(value)
    }

    /// Changes something.
    ///
    /// - Throws: `.outcomeUnknown` where the answer did not come.
    func change(_ change: RealtimeChange) async throws(FreshetError) {
        let late = FreshetError(
            .outcomeUnknown,
            "no answer to the change of \(change.path.text) within \(self.configuration.requestTimeout): it may have been done or not",
            hint: "look at the value on the server before sending it again"
        )
        _ = try await self.answer(to: .change(change), late: late)
    }

    private func answer(to request: RealtimeRequest, late: FreshetError) async throws(FreshetError) -> Bytes {
        guard let subscriptions = self.subscriptions else {
            throw self.refusal ?? FreshetError(.clientClosed, "there is no client")
        }
        let buffer = subscriptions.open(SubscriptionEngine<RealtimeSource>.Opening(request, isShared: false))
        let deadline = Task { [time, timeout = self.configuration.requestTimeout] in
            if (try? await time.sleep(timeout)) != nil { buffer.finish(.failed(late)) }
        }
        defer {
            deadline.cancel()
            buffer.leave()
        }
        let batch = try await buffer.next(isolation: nil)
        if case .update(let payload)? = batch?.first { return payload }
        if Task.isCancelled { throw FreshetError(.cancelled, "the task was cancelled before the answer came") }
        throw FreshetError(.protocolViolation, "the server gave no answer")
    }

    /// A feed that says what is wrong before anything is sent.
    func refusing(_ error: FreshetError) -> FeedBuffer {
        let buffer = FeedBuffer(resumeReading: {}, consumerLeft: {})
        buffer.finish(.failed(error))
        return buffer
    }
}
