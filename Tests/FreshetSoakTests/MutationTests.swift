// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetSoak
import FreshetTestSupport
import Testing

/// Small changes of a good history, anywhere, by chance: what they break is found, and what they do not break is not.
struct MutationTests {
    private static let histories = (1...5).map { GoodHistory.lines(seed: $0) }

    enum Change: CaseIterable { case remove, double, alter }
    enum Expected { case found, harmless, either }

    @Test("A good history has nothing wrong with it", arguments: 1...20)
    func good(seed: UInt64) {
        let report = GoodHistory.lines(seed: seed).judged()
        #expect(report.breaches == [], "seed \(seed)")
        #expect(report.passed, "seed \(seed)")
    }

    @Test("Every change is found, or provably harmless", arguments: 1...150)
    func mutation(seed: UInt64) throws {
        var random = SeededRandom(seed)
        let lines = Self.histories[Int(seed % 5)]
        let place = Int.random(in: 0..<lines.count, using: &random)
        let change = try #require(Change.allCases.randomElement(using: &random))
        var mutated = lines
        switch change {
        case .remove: mutated.remove(at: place)
        case .double: mutated.insert(lines[place], at: place)
        case .alter:
            guard let altered = Self.altered(lines[place].event) else { return }
            mutated[place].event = altered
        }
        let isFound = !mutated.broken.isEmpty
        let note: Comment = "seed \(seed): \(change) line \(place + 1), \(lines[place].event)"
        switch Self.expected(change, lines, place) {
        case .found: #expect(isFound, note)
        case .harmless: #expect(!isFound, note)
        case .either: break
        }
    }

    private static func altered(_ event: HistoryEvent) -> HistoryEvent? {
        switch event {
        case .element(let client, let stream, let n, let key, let k):
            .element(client: client, stream: stream, n: n + 1, key: key, k: k)
        case .published(let source, let key, let n, let k, let transaction):
            .published(source: source, key: key, n: n, k: k + 1, transaction: transaction)
        case .position(let client, let stream, let upTo): .position(client: client, stream: stream, upTo: upTo + 1)
        case .gap(let client, let stream, let cause, let count?):
            .gap(client: client, stream: stream, cause: cause, count: count + 1)
        default: nil
        }
    }

    /// What must come of a change, found out without the oracle: by looking at all of the history.
    private static func expected(_ change: Change, _ lines: [HistoryLine], _ place: Int) -> Expected {
        switch (change, lines[place].event) {
        case (.alter, _): .found
        // Elements are compared with what was published.
        case (.remove, .published(_, _, let n, _, _)):
            lines.contains { if case .element(_, _, n, _, _) = $0.event { true } else { false } } ? .found : .either
        case (.double, .published), (.double, .element), (.double, .end), (.double, .finished), (.double, .issued):
            .found
        case (.remove, .end), (.remove, .closing), (.remove, .stream), (.double, .stream), (.remove, .finished): .found
        case (.remove, .element(let client, let stream, _, _, _)):
            // A gap after it says that something may be missing before.
            switch Self.next(of: client, stream, lines[(place + 1)...]) {
            case .gap(_, _, _, nil): .either
            default: .found
            }
        case (.double, .gap(_, _, _, let count)): count == nil ? .harmless : .found
        case (.remove, .gap(let client, let stream, _, _)):
            Self.isMissing(of: client, stream, lines, place) ? .found : .harmless
        case (.remove, .forgot), (.remove, .snapshot), (.remove, .subscribed): .either
        case (.remove, .closed(let client, _)):
            // Another socket comes after it, and stays.
            lines[place...].contains { if case .opened(client, _) = $0.event { true } else { false } }
                ? .found : .harmless
        default: .harmless
        }
    }

    private static func next(of client: Int, _ stream: Int, _ lines: ArraySlice<HistoryLine>) -> HistoryEvent? {
        lines.first { line in
            switch line.event {
            case .element(client, stream, _, _, _), .gap(client, stream, _, _), .snapshot(client, stream, _): true
            default: false
            }
        }?.event
    }

    private static func placeInStream(_ event: HistoryEvent, _ stream: Int) -> Int? {
        switch event {
        case .element(_, _, let n, _, let k): stream == 1 ? k : n
        case .snapshot(_, _, let covers): covers
        default: nil
        }
    }

    /// Whether something is missing where this gap stands.
    private static func isMissing(of client: Int, _ stream: Int, _ lines: [HistoryLine], _ place: Int) -> Bool {
        func at(_ line: HistoryLine) -> Int? {
            switch line.event {
            case .element(client, stream, _, _, _), .snapshot(client, stream, _): Self.placeInStream(line.event, stream)
            default: nil
            }
        }
        guard let before = lines[..<place].reversed().lazy.compactMap(at).first,
            let after = lines[place...].lazy.compactMap(at).first
        else { return false }
        return after > before + (Self.next(of: client, stream, lines[(place + 1)...])?.isSnapshot == true ? 0 : 1)
    }
}

extension HistoryEvent {
    fileprivate var isSnapshot: Bool { if case .snapshot = self { true } else { false } }
}
