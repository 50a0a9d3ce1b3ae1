// SPDX-License-Identifier: Apache-2.0

/// The polling of one feed: asks, waits, asks again, and hands on what differs from the last result.
///
/// ```
///            begin                answered
///     idle ─────────▶ asking(n) ──────────▶ waiting ──┐
///      ▲                 ▲   │ failed for good        │ due
///      └────── end ──────┼───┘                        │
///                        └────────────────────────────┘
/// ```
///
/// Each question has a number; an answer that is not waited for is dropped. It reads no clock and draws no chance.
package struct PollMachine: Sendable {
    package enum Action: Sendable {
        /// Ask, and answer with this number; `validator` is that of the last result.
        case ask(Int, validator: String?)
        /// Call `due` after so long.
        case wait(Duration)
        /// It differs from what was handed on last.
        case deliver([FeedItem])
        /// It cannot go on.
        case fail(FreshetError)
    }

    private enum State: Equatable {
        case idle, asking, waiting
    }

    private let pace: PollPace
    private var state = State.idle
    /// The number of the last question.
    private(set) package var number = 0
    /// Failures one after another.
    private var failures = 0
    private var last: Fetched?

    package init(_ pace: PollPace) {
        self.pace = pace
    }

    /// Whether anything has been handed on.
    package var hasResult: Bool { self.last != nil }

    /// The validator of what was handed on last.
    package var validator: String? { self.last?.validator }

    /// Where the feed stands with what was handed on last.
    package var position: Position? { self.last?.position }

    /// Whether the answer to this question is waited for.
    package func isAsking(_ number: Int) -> Bool { self.state == .asking && number == self.number }

    /// Begins with a question at once.
    package mutating func begin() -> [Action] { self.ask() }

    /// The wait is over.
    ///
    /// - Parameters:
    ///   - isFull: whether the consumer has not taken what it has: then it is not asked for more.
    ///   - jitter: random in 0..<1.
    /// - Returns: what is to be done.
    package mutating func due(isFull: Bool = false, jitter: Double) -> [Action] {
        guard self.state == .waiting else { return [] }
        return isFull ? [.wait(self.pace.delay(jitter: jitter))] : self.ask()
    }

    private mutating func ask() -> [Action] {
        self.number += 1
        self.state = .asking
        return [.ask(self.number, validator: self.validator)]
    }

    /// The question of this number has been answered, or has failed.
    ///
    /// - Parameters:
    ///   - number: which question.
    ///   - result: its answer.
    ///   - policy: what an error means: one that is fatal, or that wants other credentials, is the end.
    ///   - jitter: random in 0..<1.
    /// - Returns: what is to be done.
    package mutating func answered(
        _ number: Int,
        _ result: Result<Fetched, FreshetError>,
        by policy: ClosePolicy,
        jitter: Double
    ) -> [Action] {
        guard self.isAsking(number) else { return [] }
        switch result {
        case .success(let fetched):
            guard fetched.kind != .unchanged || self.last != nil else { return self.fail(Self.unchangedFromNothing) }
            let news = self.news(in: fetched)
            self.failures = 0
            self.state = .waiting
            if let news { self.last = news }
            return (news.map { [.deliver($0.items)] } ?? []) + [.wait(self.pace.delay(jitter: jitter))]
        case .failure(let error):
            switch policy.decision(on: .failure(error)) {
            case .fatal, .refreshCredentials: return self.fail(error)
            case .retry: return self.wait(floor: .zero, jitter: jitter)
            case .retryAfter(let floor): return self.wait(floor: floor, jitter: jitter)
            }
        }
    }

    private mutating func wait(floor: Duration, jitter: Double) -> [Action] {
        self.failures += 1
        self.state = .waiting
        return [.wait(self.pace.delay(failures: self.failures, floor: floor, jitter: jitter))]
    }

    private mutating func fail(_ error: FreshetError) -> [Action] {
        self.state = .idle
        return [.fail(error)]
    }

    /// It is over: what is still asked for does not count any more. What was handed on last is kept, to compare with.
    package mutating func end() { self.state = .idle }

    /// What there is to hand on; nil when it is what was handed on last.
    private func news(in fetched: Fetched) -> Fetched? {
        guard let last = self.last else { return fetched }
        if fetched.kind == .unchanged { return nil }
        return fetched.isSame(as: last) ? nil : fetched
    }

    /// What was fetched beside the subscription that takes over, without what was handed on already.
    package func withoutRepetition(_ fetched: Fetched) -> Fetched {
        guard let last = self.last, self.news(in: fetched) == nil else { return fetched }
        let versions = fetched.kind == .unchanged ? last.versions : fetched.versions
        // What is the same may stand elsewhere by now.
        return Fetched(.unchanged, versions: versions, position: fetched.position ?? last.position)
    }

    package static let unchangedFromNothing = FreshetError(
        .invalidInput,
        "the snapshot function says that nothing has changed, and has not given anything before",
        hint: "answer with a value where there is no validator"
    )
}
