// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTransport
import Testing

/// A source whose subscriptions are made one after another, each after the server's word on the one before.
struct OneByOneTests {
    /// `ready`, `ok 1`, `bad 1`, `end 1`.
    private struct TurnSource: FeedSource {
        var subprotocols: [String] { [] }
        var subscribesOneByOne: Bool { true }

        func opened(subprotocol: String?, credentials: Credentials?) -> [WebSocketMessage] { [] }

        func subscribe(_ id: SubscriptionID, to request: String, from position: Position?) -> WebSocketMessage {
            WebSocketMessage(text: "sub \(id)")
        }

        func unsubscribe(_ id: SubscriptionID) -> WebSocketMessage? { nil }

        func receive(_ message: WebSocketMessage) -> SourceEvent {
            let words = message.text.split(separator: " ")
            guard words.count == 2, let id = SubscriptionID(words[1]) else { return .ready }
            switch words[0] {
            case "ok": return .confirmed(id)
            case "bad": return .failed(id, FreshetError(.forbidden, "no"))
            default: return .completed(id)
            }
        }
    }

    private typealias Engine = SubscriptionEngine<TurnSource>

    private struct Run {
        var engine: Engine
        var now: Duration = .zero

        init(hasCredentials: Bool = false) {
            self.engine = Engine(source: TurnSource(), hasCredentials: hasCredentials)
            for consumer in 1...3 { _ = self.on(.open(UInt64(consumer), .init("\(consumer)"))) }
        }

        /// What is sent, and on which connection.
        mutating func on(_ event: Engine.Event) -> [String] {
            self.now += .milliseconds(1)
            return self.engine.on(event, at: self.now, jitter: 0.5).compactMap { action in
                if case .send(let epoch, let message) = action { "\(epoch): \(message.text)" } else { nil }
            }
        }

        mutating func hear(_ text: String, on epoch: UInt64 = 1) -> [String] {
            self.on(.messages(epoch, [MessageBatch(texts: [text])]))
        }
    }

    @Test("One that is refused, or over at once, makes way for the next one", arguments: ["bad 1", "end 1"])
    func ended(_ word: String) {
        var run = Run()
        _ = run.on(.opened(1, subprotocol: nil))
        #expect(run.hear("ready") == ["1: sub 1"])
        #expect(run.hear(word) == ["1: sub 2"])
        #expect(run.hear("ok 2") == ["1: sub 3"])
    }

    @Test("One that the next connection refuses makes way for the next one there")
    func refusedOnTheNext() {
        var run = Run(hasCredentials: true)
        _ = run.on(.credentials(1, Credentials(lifetime: .seconds(100))))
        _ = run.on(.opened(1, subprotocol: nil))
        #expect(run.hear("ready") == ["1: sub 1"])
        #expect(run.hear("ok 1") == ["1: sub 2"])
        #expect(run.hear("ok 2") == ["1: sub 3"])
        _ = run.hear("ok 3")
        _ = run.on(.fired(.connection(.rotate, 1)))
        _ = run.on(.credentials(2, Credentials(lifetime: .seconds(100))))
        _ = run.on(.opened(2, subprotocol: nil))
        #expect(run.hear("ready", on: 2) == ["2: sub 1"])
        #expect(run.hear("bad 1", on: 2) == ["2: sub 2"])
        #expect(run.hear("ok 2", on: 2) == ["2: sub 3"])
    }
}
