// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetSoak

/// One consumer of one stream: it writes down what it is handed, until the stream ends or it leaves it.
final class StreamTask: Sendable {
    private struct State: Sendable {
        /// The consumer has left, or the stream has ended: nothing is written down any more.
        var isOver = false
        /// Why it has ended by itself.
        var failure: FreshetError?
        var position: Position?
        /// When the last element came.
        var heard: ContinuousClock.Instant?
        var place = 0
        var elements = 0
    }

    let client: Int
    let number: Int
    let kind: StreamKind
    private let recorder: RunRecorder
    private let state: Locked<State>
    private let task = Locked<Task<Void, Never>?>(nil)
    let server: any SoakedServer
    private let planter: Planter?

    /// After so many elements it is written down where the stream would go on.
    private static let positionEvery = 20

    init(
        client: Int,
        number: Int,
        kind: StreamKind,
        from position: Position? = nil,
        overflow: StreamOverflow = .suspending,
        server: any SoakedServer,
        recorder: RunRecorder,
        planter: Planter? = nil
    ) {
        self.client = client
        self.number = number
        self.kind = kind
        self.recorder = recorder
        self.server = server
        self.planter = planter
        self.state = Locked(State(position: position))
        recorder.record(
            .stream(
                client: client,
                stream: number,
                source: kind.source,
                promise: kind.promise,
                overflow: overflow,
                after: position.flatMap { server.place(of: $0) } ?? kind.after,
                merges: kind.merges ? true : nil
            )
        )
    }

    /// What the server's log calls it.
    var name: String { "\(self.client)/\(self.number)" }

    static func parts(of name: String) -> (client: Int, stream: Int)? {
        let parts = name.split(separator: "/").compactMap { Int($0) }
        return parts.count >= 2 ? (parts[0], parts[1]) : nil
    }

    var isOver: Bool { self.state.withLock { $0.isOver } }
    var failure: FreshetError? { self.state.withLock { $0.failure } }
    var heard: ContinuousClock.Instant? { self.state.withLock { $0.heard } }
    /// The newest place that was handed out.
    var place: Int { self.state.withLock { $0.place } }

    /// Reads, and takes so long for each handing out.
    func start(_ source: any SoakedClient, delivery: DeliveryPolicy = .suspending, pause: Duration = .zero) {
        let begin = self.state.withLock { $0.position }
        let task = Task {
            var failure: FreshetError?
            do throws(FreshetError) {
                try await source.read(self.kind, name: self.name, from: begin, delivery: delivery) { handed in
                    self.take(handed)
                    if pause > .zero { try? await Task.sleep(for: pause) }
                }
            } catch {
                failure = error
            }
            self.end(failure)
        }
        self.task.withLock { $0 = task }
    }

    private func take(_ handed: Handed) {
        let handed = self.planter?.change(handed, isPlain: self.kind.promise == .bestEffort) ?? handed
        self.state.withLock { state in
            guard !state.isOver else { return }
            var lines = handed.observed.map { self.line($0) }
            for one in handed.observed {
                switch one {
                case .element(let n, _, _): state.place = max(state.place, n)
                case .snapshot(let covers): state.place = max(state.place, covers)
                case .gap: continue
                }
                state.heard = .now
                state.elements += 1
            }
            if let position = handed.position {
                state.position = position
                if state.elements % Self.positionEvery == 0, let place = self.server.place(of: position) {
                    let upTo = place + (self.planter?.positionError ?? 0)
                    lines.append(.position(client: self.client, stream: self.number, upTo: upTo))
                }
            }
            self.recorder.record(lines)
        }
    }

    private func line(_ observed: Observed) -> HistoryEvent {
        switch observed {
        case .element(let n, let key, let k):
            .element(client: self.client, stream: self.number, n: n, key: key, k: k)
        case .gap(let gap): .gap(client: self.client, stream: self.number, cause: gap.cause, count: gap.count)
        case .snapshot(let covers): .snapshot(client: self.client, stream: self.number, covers: covers)
        }
    }

    private func end(_ error: FreshetError?) {
        self.state.withLock { state in
            guard !state.isOver else { return }
            state.isOver = true
            state.failure = error
            guard self.planter?.hidesEnds != true else { return }
            let name = error.map { ErrorName.of($0.kind) }
            self.recorder.record(.end(client: self.client, stream: self.number, error: name))
        }
    }

    /// Leaves the stream.
    ///
    /// - Returns: where it would go on.
    @discardableResult
    func leave() async -> Position? {
        let position = self.state.withLock { state in
            if !state.isOver {
                state.isOver = true
                self.recorder.record(.left(client: self.client, stream: self.number))
            }
            return state.position
        }
        let task = self.task.withLock { $0 }
        task?.cancel()
        await task?.value
        return position
    }

    /// Waits for the stream's end.
    func ended() async { await self.task.withLock { $0 }?.value }
}
