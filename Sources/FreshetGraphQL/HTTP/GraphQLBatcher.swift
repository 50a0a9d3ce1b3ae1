// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Gathers queries that come at nearly the same time, and sends them as one request.
actor GraphQLBatcher {
    /// Sends several requests, and returns the array of their results.
    typealias Send = @Sendable ([GraphQLRequest]) async throws(FreshetError) -> Bytes

    private struct Waiting {
        let id: UInt64
        let request: GraphQLRequest
    }

    private typealias Answer = CheckedContinuation<Result<Bytes, FreshetError>, Never>

    private let rule: GraphQLBatching
    private let time: TimeSource
    /// What is not sent yet.
    private var waiting: [Waiting] = []
    /// Whoever waits for a result, of what was sent too.
    private var answers: [UInt64: Answer] = [:]
    private var last: UInt64 = 0
    private var batch = 0

    init(_ rule: GraphQLBatching, time: TimeSource) {
        self.rule = rule
        self.time = time
    }

    /// The result of one of them. Cancelling the task takes it back, and does not disturb those that are sent with it.
    func result(of request: GraphQLRequest, send: @escaping Send) async throws(FreshetError) -> Bytes {
        guard !Task.isCancelled else { throw Self.cancelled }
        self.last += 1
        let id = self.last
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { self.wait(id, request, $0, send) }
        } onCancel: {
            Task { await self.cancel(id) }
        }
        return try result.get()
    }

    private func wait(_ id: UInt64, _ request: GraphQLRequest, _ answer: Answer, _ send: @escaping Send) {
        self.answers[id] = answer
        self.waiting.append(Waiting(id: id, request: request))
        if self.waiting.count >= self.rule.limit {
            self.flush(self.batch, send)
        } else if self.waiting.count == 1 {
            let batch = self.batch
            Task {
                try? await self.time.sleep(self.rule.interval)
                self.flush(batch, send)
            }
        }
    }

    private func cancel(_ id: UInt64) {
        self.waiting.removeAll { $0.id == id }
        self.give(.failure(Self.cancelled), to: id)
    }

    private func give(_ result: Result<Bytes, FreshetError>, to id: UInt64) {
        self.answers.removeValue(forKey: id)?.resume(returning: result)
    }

    private func flush(_ batch: Int, _ send: @escaping Send) {
        guard batch == self.batch, !self.waiting.isEmpty else { return }
        let waiting = self.waiting
        self.waiting = []
        self.batch += 1
        Task {
            do throws(FreshetError) {
                guard let results = try await send(waiting.map(\.request)).elements else { throw Self.notAnArray }
                guard results.count == waiting.count else {
                    throw FreshetError(
                        .protocolViolation,
                        "the server answered a batch of \(waiting.count) queries with \(results.count) results",
                        hint: "does it support batching?"
                    )
                }
                for (one, result) in zip(waiting, results) { self.give(.success(result), to: one.id) }
            } catch {
                for one in waiting { self.give(.failure(error), to: one.id) }
            }
        }
    }

    private static let cancelled = FreshetError(.cancelled, "the task was cancelled before the result came")

    private static let notAnArray = FreshetError(
        .protocolViolation,
        "the server answered a batch of queries with what is no JSON array",
        hint: "does it support batching?"
    )
}
