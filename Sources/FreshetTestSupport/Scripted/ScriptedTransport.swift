// SPDX-License-Identifier: Apache-2.0

import FreshetCore
public import FreshetTransport

/// Connections that do what a test says, and remember what was sent: no server, no network, no time.
///
/// ```swift
/// let transport = ScriptedTransport()
/// let clock = ManualClock()
/// let api = GraphQLClient(scripted: transport, clock: clock)
/// // … iterate a feed in a task, then:
/// let link = await transport.dial(1)
/// link.open()
/// link.receive(#"{"type":"connection_ack"}"#)
/// ```
public final class ScriptedTransport: WebSocketTransport {
    private struct State: Sendable {
        var dials: [ScriptedLink] = []
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Locked(State())

    /// Makes a transport that nobody has dialled on.
    public init() {}

    /// What the client calls.
    package func dial(
        _ target: WebSocketTarget,
        on loop: EventLoop,
        events: @escaping @Sendable (WebSocketEvent) -> Void
    ) -> any WebSocketLink {
        let link = ScriptedLink(target: target, loop: loop, events: events)
        let ready = self.state.withLock { state in
            state.dials.append(link)
            let count = state.dials.count
            let ready = state.waiters.filter { $0.count <= count }
            state.waiters.removeAll { $0.count <= count }
            return ready.map(\.continuation)
        }
        for continuation in ready { continuation.resume() }
        return link
    }

    /// How many attempts there have been.
    public var dialCount: Int { self.state.withLock { $0.dials.count } }

    /// Attempt `number`, as soon as there is one. When the test is cancelled before, as at its time limit, a connection on
    /// which nothing happens.
    ///
    /// - Parameter number: which one, from 1.
    /// - Returns: the attempt.
    public func dial(_ number: Int) async -> ScriptedLink {
        while true {
            let link = self.state.withLock { $0.dials.count >= number ? $0.dials[number - 1] : nil }
            if let link { return link }
            if Task.isCancelled { return Self.nowhere }
            await self.wait(for: number)
        }
    }

    private func wait(for number: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = self.state.withLock { state in
                    if state.dials.count >= number || Task.isCancelled { return true }
                    state.waiters.append((number, continuation))
                    return false
                }
                if ready { continuation.resume() }
            }
        } onCancel: {
            // Whoever else waits looks again.
            let waiters = self.state.withLock { state in
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.continuation.resume() }
        }
    }

    private static var nowhere: ScriptedLink {
        guard let endpoint = try? Endpoint("ws://127.0.0.1:1/") else { preconditionFailure("that is an endpoint") }
        return ScriptedLink(target: WebSocketTarget(endpoint: endpoint), loop: .shared, events: { _ in })
    }
}
