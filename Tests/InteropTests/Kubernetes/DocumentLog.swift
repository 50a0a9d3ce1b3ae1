// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments

/// What a feed of ConfigMaps has handed out, in its order, to be waited for and compared.
final class DocumentLog: Sendable {
    enum Entry: Sendable, Equatable, CustomStringConvertible {
        case snapshot([String: String])
        case put(String, String)
        case delete(String)
        case bookmark
        case gap(Gap.Cause)

        var description: String {
            switch self {
            case .snapshot(let documents): "snapshot \(documents.sorted { $0.key < $1.key }.map { "\($0)=\($1)" })"
            case .put(let key, let value): "\(key)=\(value)"
            case .delete(let key): "-\(key)"
            case .bookmark: "bookmark"
            case .gap(let cause): "gap \(cause)"
            }
        }
    }

    private struct State: Sendable {
        var entries: [Entry] = []
        var state: [String: String] = [:]
        var position: Position?
        var end: FreshetError?
        var isOver = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Locked(State())
    private let task = Locked<Task<Void, Never>?>(nil)

    init(_ feed: Feed<DocumentEvent<ConfigMap>>) {
        let task = Task {
            do throws(FreshetError) {
                for try await positioned in feed.positioned { self.take(positioned) }
                self.change { $0.isOver = true }
            } catch {
                self.change { ($0.end, $0.isOver) = (error, true) }
            }
        }
        self.task.withLock { $0 = task }
    }

    deinit { self.task.withLock { $0 }?.cancel() }

    func stop() async {
        let task = self.task.withLock { $0 }
        task?.cancel()
        await task?.value
    }

    private func take(_ positioned: Positioned<DocumentEvent<ConfigMap>>) {
        self.change { log in
            log.position = positioned.position ?? log.position
            switch positioned.element {
            case .gap(let gap):
                log.entries.append(.gap(gap.cause))
            case .snapshot(let snapshot):
                log.state = Dictionary(uniqueKeysWithValues: snapshot.documents.map { ($0.key, $0.value.value) })
                log.entries.append(.snapshot(log.state))
            case .update(let changes):
                if changes.isEmpty { log.entries.append(.bookmark) }
                for change in changes {
                    log.state[change.key] = change.document?.value.value
                    log.entries.append(change.document.map { .put($0.key, $0.value.value) } ?? .delete(change.key))
                }
            }
        }
    }

    private func change(_ change: (inout State) -> Void) {
        let waiters = self.state.withLock { state in
            change(&state)
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    var entries: [Entry] { self.state.withLock { $0.entries } }
    /// The documents' values, as the feed has them.
    var documents: [String: String] { self.state.withLock { $0.state } }
    var position: Position? { self.state.withLock { $0.position } }

    /// Waits for the end, and says how it ended.
    func end() async -> FreshetError? {
        await self.wait { $0.isOver }
        return self.state.withLock { $0.end }
    }

    /// Waits until what was handed out is so, or the feed has ended.
    @discardableResult
    func entries(until isTrue: @escaping @Sendable ([Entry]) -> Bool) async -> [Entry] {
        await self.wait { isTrue($0.entries) || $0.isOver }
        return self.entries
    }

    @discardableResult
    func entries(_ count: Int) async -> [Entry] { await self.entries { $0.count >= count } }

    private func wait(until isTrue: @escaping @Sendable (State) -> Bool) async {
        await withTaskCancellationHandler {
            while !Task.isCancelled, !self.state.withLock({ isTrue($0) }) {
                await withCheckedContinuation { continuation in
                    let isReady = self.state.withLock { state in
                        if isTrue(state) || Task.isCancelled { return true }
                        state.waiters.append(continuation)
                        return false
                    }
                    if isReady { continuation.resume() }
                }
            }
        } onCancel: {
            self.change { _ in }
        }
    }
}
