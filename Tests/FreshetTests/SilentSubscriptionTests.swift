// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTransport
import Testing

/// A server that says how long it is silent about a subscription at most, and one message that says several things.
struct SilentSubscriptionTests {
    /// Each word is a thing: `ready`, `speaks`, `broken`; anything else is an element of the first subscription.
    private struct WordSource: FeedSource {
        var subprotocols: [String] { [] }

        func opened(subprotocol: String?, credentials: Credentials?) -> [WebSocketMessage] { [] }

        func subscribe(_ id: SubscriptionID, to request: String, from position: Position?) -> WebSocketMessage {
            WebSocketMessage(text: "sub \(id)")
        }

        func unsubscribe(_ id: SubscriptionID) -> WebSocketMessage? { nil }

        func receive(_ message: WebSocketMessage) -> SourceEvent {
            .several(
                message.text.split(separator: " ").map { word in
                    switch word {
                    case "ready": .ready
                    case "speaks": .speaks(1, every: .seconds(10))
                    case "stale": .refused(FreshetError(.interrupted, "stale"))
                    default: .update(1, Bytes(copying: word.utf8))
                    }
                }
            )
        }
    }

    private typealias Engine = SubscriptionEngine<WordSource>

    private struct Run {
        var engine = Engine(source: WordSource())

        /// What is done, in words.
        mutating func on(_ event: Engine.Event, at seconds: Int) -> [String] {
            self.engine.on(event, at: .seconds(seconds), jitter: 0.5).compactMap { action in
                switch action {
                case .send(_, let message): message.text
                case .deliver(_, let items):
                    items.map { $0.gap.map { "gap \($0.reason)" } ?? Self.text($0) }.joined(separator: ",")
                case .start(.silenceOf, let delay): "silence in \(delay)"
                case .stop(.silenceOf): "no silence"
                case .start(.again, _): "again"
                case .close: "close"
                case .report(let state): if case .waiting = state { "waiting" } else { nil }
                case .finish(_, let end): "finish \(end)"
                default: nil
                }
            }
        }

        private static func text(_ item: FeedItem) -> String {
            if case .update(let bytes) = item { bytes.text } else { "?" }
        }

        mutating func hear(_ text: String, at seconds: Int, on epoch: UInt64 = 1) -> [String] {
            self.on(.messages(epoch, [MessageBatch(texts: [text])]), at: seconds)
        }

        static func live() -> Run {
            var run = Run()
            _ = run.on(.open(1, .init("a")), at: 0)
            _ = run.on(.opened(1, subprotocol: nil), at: 0)
            _ = run.hear("ready", at: 0)
            return run
        }
    }

    @Test("Several things that one message says are taken in their order")
    func several() {
        var run = Run.live()
        #expect(run.hear("a b speaks c", at: 1) == ["a,b", "silence in 10.0 seconds", "c"])
    }

    @Test("A subscription that the server has fallen silent about is made again, with a gap")
    func silence() {
        var run = Run.live()
        #expect(run.hear("speaks", at: 0) == ["silence in 10.0 seconds"])
        #expect(run.hear("a", at: 4) == ["a"])
        #expect(run.on(.fired(.silenceOf(1)), at: 10) == ["silence in 4.0 seconds"])
        #expect(run.on(.fired(.silenceOf(1)), at: 14) == ["no silence", "again"])
        let again = run.on(.fired(.again(1)), at: 15)
        #expect(again.first == "sub 1" && again.last?.hasPrefix("gap the server was silent") == true)
        // It has not said anything about the new one.
        #expect(run.on(.fired(.silenceOf(1)), at: 60) == [])
    }

    @Test("What is not read is no silence")
    func paused() {
        var run = Run.live()
        _ = run.hear("speaks", at: 0)
        _ = run.on(.full(1), at: 1)
        #expect(run.on(.fired(.silenceOf(1)), at: 20) == ["silence in 1.0 seconds"])
        _ = run.on(.drained(1), at: 20)
        #expect(run.on(.fired(.silenceOf(1)), at: 21) == ["silence in 9.0 seconds"])
    }

    @Test("A connection that was left because of what the server said ends as that, whatever comes behind it")
    func closedAs() {
        var run = Run.live()
        #expect(run.hear("stale", at: 1) == ["close"])
        let illegal = FreshetError(.protocolViolation, "the close code 1006 must not be sent")
        #expect(run.on(.ended(1, .failure(illegal)), at: 1).contains("waiting"))
    }

    @Test("Leaving stops the wait")
    func leaving() {
        var run = Run.live()
        _ = run.hear("speaks", at: 0)
        #expect(run.on(.leave(1), at: 1).contains("no silence"))
    }
}
