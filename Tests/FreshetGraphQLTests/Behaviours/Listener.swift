// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import Testing

/// Iterates a feed in a task of its own, and hands out one by one what it hears.
final class Listener<Value: Sendable>: Sendable {
    enum Heard: Sendable {
        case update(Value), snapshot(Value), gap(Gap), end, failure(FreshetError)
    }

    private let heard: AsyncStream<Heard>
    private let task: Task<Void, Never>

    init(_ feed: Feed<FeedEvent<Value>>) {
        let (heard, continuation) = AsyncStream<Heard>.makeStream()
        self.heard = heard
        self.task = Task {
            do throws(FreshetError) {
                for try await event in feed {
                    switch event {
                    case .update(let value): continuation.yield(.update(value))
                    case .snapshot(let value): continuation.yield(.snapshot(value))
                    case .gap(let gap): continuation.yield(.gap(gap))
                    }
                }
                continuation.yield(.end)
            } catch {
                continuation.yield(.failure(error))
            }
            continuation.finish()
        }
    }

    deinit { self.task.cancel() }

    /// The next thing heard; nil after the end or the failure.
    func next() async -> Heard? {
        var iterator = self.heard.makeAsyncIterator()
        return await iterator.next()
    }

    /// The gap that is heard next.
    func gap(sourceLocation: SourceLocation = #_sourceLocation) async -> Gap? {
        let heard = await self.next()
        if case .gap(let gap)? = heard { return gap }
        Issue.record("\(String(describing: heard)) instead of a gap", sourceLocation: sourceLocation)
        return nil
    }

    /// The error that is heard next.
    func failure(sourceLocation: SourceLocation = #_sourceLocation) async -> FreshetError? {
        let heard = await self.next()
        if case .failure(let error)? = heard { return error }
        Issue.record("\(String(describing: heard)) instead of a failure", sourceLocation: sourceLocation)
        return nil
    }

    /// Leaves the feed; the client has been told when it returns.
    func leave() async {
        self.task.cancel()
        await self.task.value
    }
}

extension Listener.Heard: Equatable where Value: Equatable {}
