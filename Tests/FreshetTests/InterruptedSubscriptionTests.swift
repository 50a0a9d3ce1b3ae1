// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTransport
import Testing

/// A server that cannot serve a subscription for now, and says so.
struct InterruptedSubscriptionTests {
    /// `ready`, and `rest` for the first subscription.
    private struct RestingSource: FeedSource {
        static let floor: Duration = .seconds(7)

        var subprotocols: [String] { [] }

        func opened(subprotocol: String?, credentials: Credentials?) -> [WebSocketMessage] { [] }

        func subscribe(_ id: SubscriptionID, to request: String, from position: Position?) -> WebSocketMessage {
            WebSocketMessage(text: "sub \(id)")
        }

        func unsubscribe(_ id: SubscriptionID) -> WebSocketMessage? { nil }

        func receive(_ message: WebSocketMessage) -> SourceEvent {
            guard message.text == "rest" else { return .ready }
            return .interrupted(1, FreshetError(.unreachable, "overloaded"), after: Self.floor)
        }
    }

    private func sent(_ actions: [SubscriptionEngine<RestingSource>.Action]) -> [String] {
        actions.compactMap { if case .send(let epoch, let message) = $0 { "\(epoch): \(message.text)" } else { nil } }
    }

    /// How long it is waited before one is subscribed again.
    private func waits(_ actions: [SubscriptionEngine<RestingSource>.Action]) -> [Duration] {
        actions.compactMap { if case .start(.again, let delay) = $0 { delay } else { nil } }
    }

    private func says(_ text: String, on epoch: UInt64) -> SubscriptionEngine<RestingSource>.Event {
        .messages(epoch, [MessageBatch(texts: [text])])
    }

    @Test("One that rests is subscribed again, once, although the connection is another one by then")
    func restingAcrossConnections() {
        var engine = SubscriptionEngine(source: RestingSource())
        var now: Duration = .zero
        func on(_ event: SubscriptionEngine<RestingSource>.Event) -> [String] {
            now += .milliseconds(1)
            return self.sent(engine.on(event, at: now, jitter: 0.5))
        }
        #expect(on(.open(1, .init("a"))) == [])
        #expect(on(.opened(1, subprotocol: nil)) == [])
        #expect(on(self.says("ready", on: 1)) == ["1: sub 1"])
        #expect(on(self.says("rest", on: 1)) == [])
        #expect(on(.ended(1, .closeFrame(code: 1001, reason: ""))) == [])
        #expect(on(.fired(.connection(.retry, 1))) == [])
        #expect(on(.opened(2, subprotocol: nil)) == [])
        #expect(on(self.says("ready", on: 2)) == ["2: sub 1"])
        #expect(on(.fired(.again(1))) == [])
        #expect(on(self.says("rest", on: 2)) == [])
        #expect(on(.fired(.again(1))) == ["2: sub 1"])
    }

    @Test("One that the next connection cannot serve stays on the old one, and rests when that is replaced")
    func restingOnTheNext() {
        var policy = ConnectionPolicy()
        policy.pace = SubscriptionPace(burst: 1, interval: .milliseconds(1))
        var engine = SubscriptionEngine(source: RestingSource(), policy: policy, hasCredentials: true)
        var now: Duration = .zero
        var actions: [SubscriptionEngine<RestingSource>.Action] = []
        func on(_ event: SubscriptionEngine<RestingSource>.Event) -> [String] {
            now += .milliseconds(1)
            actions = engine.on(event, at: now, jitter: 0.5)
            return self.sent(actions)
        }
        let credentials = Credentials(lifetime: .seconds(100))
        _ = on(.open(1, .init("a")))
        _ = on(.open(2, .init("b")))
        _ = on(.credentials(1, credentials))
        _ = on(.opened(1, subprotocol: nil))
        #expect(on(self.says("ready", on: 1)) == ["1: sub 1"])
        #expect(on(.fired(.pace(1))) == ["1: sub 2"])
        _ = on(.fired(.connection(.rotate, 1)))
        _ = on(.credentials(2, credentials))
        _ = on(.opened(2, subprotocol: nil))
        #expect(on(self.says("ready", on: 2)) == ["2: sub 1"])
        #expect(on(self.says("rest", on: 2)) == [])
        #expect(self.waits(actions) == [])
        #expect(on(.fired(.pace(2))) == ["2: sub 2"])
        _ = on(.ponged(1))
        // The new one takes over.
        #expect(on(.fired(.lastWord(1))) == [])
        #expect(self.waits(actions) == [RestingSource.floor + .milliseconds(125)])
        #expect(on(.fired(.again(1))) == ["2: sub 1"])
    }
}
