// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetSoak
import FreshetTransport

/// A client of a run, with its streams.
final class RunClient: Sendable {
    private struct State: Sendable {
        var streams: [StreamTask] = []
        var lastStream = -1
        var phase = ClientPhase.idle
        /// Why it is not connected.
        var error: FreshetError?
        var watch: Task<Void, Never>?
        /// It leaves a substitute for the WebSocket that is to be had again: nobody has taken anything away.
        var isReturning = false
    }

    let number: Int
    let setup: ClientSetup
    let server: any SoakedServer
    private let client: any SoakedClient
    private let recorder: RunRecorder
    private let planter: Planter?
    private let state = Locked(State())

    private static let returning = "there is a WebSocket to be had again"

    /// A connection may be replaced by a new one that long, while credentials are.
    private static let overlap = 6_000_000

    /// - Parameters:
    ///   - setup: how the run wants it.
    ///   - server: whose client it is.
    ///   - fault: that its streams are expected to end by.
    ///   - recorder: hears of everything.
    ///   - planter: makes it wrong.
    /// - Throws: `.invalidInput` when there cannot be such a client.
    init(
        _ setup: ClientSetup,
        of server: any SoakedServer,
        ends fault: String? = nil,
        recorder: RunRecorder,
        planter: Planter? = nil
    ) throws(FreshetError) {
        self.number = setup.number
        self.setup = setup
        self.server = server
        self.recorder = recorder
        self.planter = planter
        self.client = try server.client(setup)
        recorder.record(
            .client(
                client: setup.number,
                sockets: server.socketsOfClient,
                overlap: setup.hasTokens ? Self.overlap : 0,
                ends: fault
            )
        )
        let states = self.client.connectionStates
        let watch = Task { [weak self] in
            for await state in states { self?.enter(state) }
        }
        self.state.withLock { $0.watch = watch }
        planter?.begin(setup, server)
    }

    var phase: ClientPhase { self.state.withLock { $0.phase } }
    var streams: [StreamTask] { self.state.withLock { $0.streams } }
    /// Why it is not connected, where it was told.
    var error: FreshetError? { self.state.withLock { $0.error } }

    /// Why none of its streams had anything, or ever will; nil as long as one may.
    var failure: FreshetError? {
        let streams = self.streams
        return streams.allSatisfy { $0.isOver && $0.heard == nil } ? streams.compactMap { $0.failure }.first : nil
    }

    private func enter(_ state: ConnectionState) {
        let (attempt, error): (Int?, FreshetError?) =
            switch state {
            case .connecting(let attempt): (attempt, nil)
            case .waiting(_, let attempt, let error), .polling(_, let attempt, let error): (attempt, error)
            case .needsCredentials(let error), .failed(let error): (nil, error)
            default: (nil, nil)
            }
        let phase = ClientPhase(state)
        let isReturning = self.state.withLock { state in
            state.phase = phase
            state.error = phase == .live ? nil : error ?? state.error
            if phase == .live {
                state.isReturning = false
            } else if self.server.hasSubstitute, error?.message == Self.returning {
                state.isReturning = true
            }
            return state.isReturning
        }
        guard !isReturning else { return }
        let name = error.map { ErrorName.of($0.kind) }
        self.recorder.record(.state(client: self.number, phase: phase, attempt: attempt, error: name))
        self.planter?.entered(phase)
    }

    /// Begins a stream.
    @discardableResult
    func open(
        _ kind: StreamKind,
        from position: Position? = nil,
        overflow: StreamOverflow = .suspending,
        delivery: DeliveryPolicy = .suspending,
        pause: Duration = .zero
    ) -> StreamTask {
        let stream = self.state.withLock { state in
            state.lastStream += 1
            let stream = StreamTask(
                client: self.number,
                number: state.lastStream,
                kind: kind,
                from: position,
                overflow: overflow,
                server: self.server,
                recorder: self.recorder,
                planter: self.planter
            )
            state.streams.append(stream)
            return stream
        }
        stream.start(self.client, delivery: delivery, pause: pause)
        return stream
    }

    /// Leaves a stream and begins it again where it was.
    func reopen(_ stream: StreamTask) async {
        let position = await stream.leave()
        self.state.withLock { state in state.streams.removeAll { $0 === stream } }
        self.open(stream.kind, from: position)
    }

    /// Opens a stream that nothing is written down of, and leaves it at once.
    func touch(_ kind: StreamKind) async {
        let task = Task { [client] in
            try? await client.read(kind, name: "-", from: nil, delivery: .suspending) { _ in }
        }
        await Task.yield()
        task.cancel()
        await task.value
    }

    func hint(_ hint: ConnectionHint) { self.client.hint(hint) }

    /// Whether all its streams have had something new since then.
    func isBack(since instant: ContinuousClock.Instant) -> Bool {
        self.state.withLock { state in
            (state.phase == .live || state.phase == .polling)
                && state.streams.allSatisfy { stream in
                    stream.isOver || stream.heard.map { $0 >= instant } ?? false
                }
        }
    }

    /// Closes it: each of its streams is to end.
    func close() async {
        self.recorder.record(.closing(client: self.number))
        await self.client.close()
        for stream in self.streams where self.planter?.hidesEnds != true { await stream.ended() }
        self.state.withLock { $0.watch }?.cancel()
        self.planter?.cleanUp()
    }
}
