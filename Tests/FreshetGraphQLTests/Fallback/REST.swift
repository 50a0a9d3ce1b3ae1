// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// What a REST server says: a number, or that it cannot.
final class REST: Sendable {
    private struct State: Sendable {
        var answer: Result<Int, FreshetError>
        var validators: [String?] = []
    }

    private let state: Locked<State>

    init(_ value: Int) { self.state = Locked(State(answer: .success(value))) }
    init(failing error: FreshetError) { self.state = Locked(State(answer: .failure(error))) }

    func says(_ value: Int) { self.state.withLock { $0.answer = .success(value) } }
    func fails(_ kind: FreshetError.Kind) {
        self.state.withLock { $0.answer = .failure(FreshetError(kind, "no REST")) }
    }

    /// How often it was asked, and with which validators.
    var calls: Int { self.validators.count }
    var validators: [String?] { self.state.withLock { $0.validators } }

    func get(_ validator: String? = nil) throws(FreshetError) -> Int {
        let answer = self.state.withLock { state in
            state.validators.append(validator)
            return state.answer
        }
        return try answer.get()
    }

    var recovery: GraphQLRecovery<Int> { .refetch { try self.get() } }
}

extension FreshetError {
    /// A proxy between that lets no WebSocket through.
    static let noWebSockets = FreshetError(
        .forbidden,
        "no WebSockets here (HTTP 403)",
        refusal: HTTPRefusal(status: 403, retryAfter: nil, authenticate: nil, body: [])
    )
    static let nobodyThere = FreshetError(.unreachable, "refused")
}

extension ScriptedClient {
    /// Somebody who wants `subscription { n }`, and can do with the server's number instead.
    func listen(to rest: REST) -> Listener<Int> {
        Listener(self.client.subscribe(Int.self, "subscription { n }", recovery: rest.recovery))
    }

    /// Attempt `number` fails.
    func refuse(_ number: Int, _ error: FreshetError = .noWebSockets) async {
        await self.transport.dial(number).fail(error)
    }

    /// Attempt `number`, taken to where the server has read the first subscription.
    func settled(_ number: Int) async -> ScriptedLink {
        let link = await self.connect(number)
        #expect(await link.nextDeed() == .subscribe(1))
        #expect(await link.nextDeed() == .ping)
        link.receive(#"{"type":"pong"}"#)
        return link
    }

    /// The next wait before an attempt while it is polled.
    func polling() async -> Duration? {
        let state = await self.state { if case .polling = $0 { true } else { false } }
        if case .polling(let delay, _, _)? = state { return delay }
        return nil
    }

    /// Returns when no timer is left.
    func nobodySleeps() async {
        while self.clock.sleeperCount > 0, !Task.isCancelled { await self.settle() }
    }
}
