// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Gathers queries that come at nearly the same time, and sends them as one request.
actor GraphQLBatcher {
    /// Sends several requests, and returns the array of their results.
    typealias Send = @Sendable ([GraphQLRequest]) async throws(FreshetError) -> Bytes

    private struct Waiting {
        let request: GraphQLRequest
        let answer: CheckedContinuation<Result<Bytes, FreshetError>, Never>
    }

    private let rule: GraphQLBatching
    private let time: TimeSource
    private var waiting: [Waiting] = []
    private var batch = 0

    init(_ rule: GraphQLBatching, time: TimeSource) {
        self.rule = rule
        self.time = time
    }

    /// The result of one of them. Cancelling the task does not end the request: others wait for it as well.
    func result(of request: GraphQLRequest, send: @escaping Send) async throws(FreshetError) -> Bytes {
        let result = await withCheckedContinuation { answer in
            self.waiting.append(Waiting(request: request, answer: answer))
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
        return try result.get()
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
                for (one, result) in zip(waiting, results) { one.answer.resume(returning: .success(result)) }
            } catch {
                for one in waiting { one.answer.resume(returning: .failure(error)) }
            }
        }
    }

    private static let notAnArray = FreshetError(
        .protocolViolation,
        "the server answered a batch of queries with what is no JSON array",
        hint: "does it support batching?"
    )
}
