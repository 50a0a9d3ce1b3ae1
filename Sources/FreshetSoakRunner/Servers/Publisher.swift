// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetSoak
import FreshetTestSupport

/// Publishes numbered elements at an even pace, one after another, each until it is certain that the server has it.
///
/// A server that was killed may have stored an element whose answer never came; so the server is asked before it is sent again.
final class Publisher: Sendable {
    /// An element as it is to be published.
    typealias Element = PublishedElement

    private let task = Locked<Task<Int, Never>?>(nil)
    private let published = Locked(0)
    /// Not the task's cancellation: whether the last element is there has still to be asked.
    private let stopped = Locked<ContinuousClock.Instant?>(nil)
    /// So long it is asked: who does not answer by then has ended.
    private static let patience: Duration = .seconds(20)
    /// After an outage it makes up for no more than this: what a stop of 90 s held up would fill hundreds of megabytes in a moment.
    private static let arrears: Duration = .seconds(5)

    /// The newest that is certainly there.
    var last: Int { self.published.withLock { $0 } }

    /// - Parameters:
    ///   - source: in the history.
    ///   - rate: elements a second.
    ///   - seed: decides which are published together.
    ///   - transactions: whether some are.
    ///   - recorder: hears of each.
    ///   - publish: stores elements, all or none of them, in one transaction; they are the next ones. Throws when it is not known whether
    ///     it has, or it has not.
    ///   - has: whether the server has the element; throws when it cannot be asked.
    func start(
        source: String,
        rate: Int,
        seed: UInt64,
        transactions: Bool,
        recorder: RunRecorder,
        publish: @escaping @Sendable ([Element]) async throws -> Void,
        has: @escaping @Sendable (Element) async throws -> Bool
    ) {
        let task = Task { [stopped] in
            var random = SeededRandom(seed)
            var due = ContinuousClock.now
            var n = 0
            while stopped.withLock({ $0 }) == nil {
                let count = transactions && Int.random(in: 0..<10, using: &random) == 0 ? 5 : 1
                let next = (n + 1...n + count).map { Element($0) }
                while true {
                    if (try? await publish(next)) != nil { break }
                    let isThere = try? await has(next[0])
                    if isThere == true { break }
                    if let since = stopped.withLock({ $0 }), isThere == false || since + Self.patience < .now {
                        return n
                    }
                    try? await Task.sleep(for: .milliseconds(50))
                }
                n += count
                recorder.record(
                    next.map {
                        .published(source: source, key: "\($0.key)", n: $0.n, k: $0.k, transaction: count > 1 ? n : nil)
                    }
                )
                self.published.withLock { $0 = n }
                due = max(due, .now - Self.arrears) + .seconds(Double(count) / Double(rate))
                if due > .now { try? await Task.sleep(until: due, clock: .continuous) }
            }
            return n
        }
        self.task.withLock { $0 = task }
    }

    /// Publishes nothing more.
    ///
    /// - Returns: the last element.
    func stop() async -> Int {
        self.stopped.withLock { $0 = $0 ?? .now }
        let task = self.task.withLock { $0 }
        return await task?.value ?? 0
    }
}
