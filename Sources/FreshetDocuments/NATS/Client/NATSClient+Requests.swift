// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore

/// Questions with one answer, over the same connection as everything else.
extension NATSClient {
    /// Asks JetStream's API.
    func api<Reply: Decodable & Sendable>(
        _ name: String,
        _ request: JSONValue? = nil,
        changes: Bool = false,
        as type: Reply.Type = Reply.self
    ) async throws(FreshetError) -> Reply {
        let subject = "\(self.configuration.apiPrefix).\(name)"
        let call = NATSCall(subject: subject, value: request.map { .json($0) } ?? [], isRepeatable: !changes)
        return try await self.answer(to: call).reply(type, to: subject)
    }

    /// Whether a stream allows direct gets: asked once, for a stream that is not there does not answer to one.
    func allowsDirectGets(_ stream: String) async throws(FreshetError) -> Bool {
        if let known = self.direct.withLock({ $0[stream] }) { return known }
        let allows = try await self.api("STREAM.INFO.\(stream)", as: NATSStreamInfo.self).config.allow_direct ?? false
        self.direct.withLock { $0[stream] = allows }
        return allows
    }

    func forgetDirectGets(_ stream: String) {
        self.direct.withLock { $0[stream] = nil }
    }

    /// Has a stream store a message.
    func store(_ call: NATSCall) async throws(FreshetError) -> NATSPublishReply {
        guard call.headers.isClean else {
            throw FreshetError(.invalidInput, "a header has a name or a value that would not stay in its line")
        }
        return try await self.answer(to: call).reply(NATSPublishReply.self, to: call.subject)
    }

    /// The one answer.
    ///
    /// - Throws: `.outcomeUnknown` where it did not come and what was asked may have been done.
    func answer(to call: NATSCall) async throws(FreshetError) -> NATSFrame {
        let late =
            call.isRepeatable
            ? FreshetError(.timeout(.total), "no answer to \(call.subject) within \(self.configuration.requestTimeout)")
            : FreshetError(
                .outcomeUnknown,
                "no answer to \(call.subject) within \(self.configuration.requestTimeout): it may have been done or not",
                hint: "look at the state on the server before sending it again"
            )
        let payload = try await self.result(of: .call(call), late: late)
        guard let frame = NATSFrame(parsing: payload) else {
            throw FreshetError(.protocolViolation, "the answer to \(call.subject) is none of NATS")
        }
        return frame
    }

    /// What is in a stream now, message by message; first the server's description of it.
    func listing(_ consumption: NATSConsumption) async throws(FreshetError) -> Bytes {
        let late = FreshetError(
            .timeout(.total),
            "\(consumption.stream) was not listed within \(self.configuration.requestTimeout * 6)"
        )
        return try await self.result(of: .consume(consumption), late: late, patience: 6)
    }

    private func result(
        of request: NATSRequest,
        late: FreshetError,
        patience: Int = 1
    ) async throws(FreshetError) -> Bytes {
        guard let subscriptions = self.subscriptions else {
            throw self.refusal ?? FreshetError(.clientClosed, "there is no client")
        }
        let buffer = subscriptions.open(SubscriptionEngine<NATSSource>.Opening(request, isShared: false))
        let deadline = Task { [time, timeout = self.configuration.requestTimeout * patience] in
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
