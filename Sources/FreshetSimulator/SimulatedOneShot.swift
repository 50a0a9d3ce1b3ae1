// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// A query or a mutation that waits for its result.
final class SimulatedOneShot {
    /// A mutation's number; nil for a query.
    let mutation: Int?
    let finished: (Result<Bytes, FreshetError>) -> Void
    var result: Bytes?
    private(set) var outcome: Result<Bytes, FreshetError>?

    init(mutation: Int? = nil, finished: @escaping (Result<Bytes, FreshetError>) -> Void = { _ in }) {
        self.mutation = mutation
        self.finished = finished
    }

    func ended(_ end: DeliveryBuffer<FeedItem>.End) {
        guard self.outcome == nil else { return }
        let outcome: Result<Bytes, FreshetError> =
            switch end {
            case .failed(let error): .failure(error)
            case .finished:
                self.result.map { .success($0) } ?? .failure(FreshetError(.protocolViolation, "no result"))
            }
        self.outcome = outcome
        self.finished(outcome)
    }
}
