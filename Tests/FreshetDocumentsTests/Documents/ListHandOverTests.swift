// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTransport
import Testing

@testable import FreshetDocuments

/// Sources that list first, while one connection takes over from another.
struct ListHandOverTests {
    private typealias Engine = SubscriptionEngine<ListedSource>

    private struct Run {
        var engine: Engine
        var now: Duration = .zero

        init() {
            var policy = ConnectionPolicy()
            policy.pace = SubscriptionPace(burst: 1, interval: .milliseconds(1))
            self.engine = Engine(source: ListedSource(), policy: policy, hasCredentials: true)
        }

        /// What is sent, listed and handed out, in words.
        mutating func on(_ event: Engine.Event) -> [String] {
            self.now += .milliseconds(1)
            return self.engine.on(event, at: self.now, jitter: 0.5).flatMap { action -> [String] in
                switch action {
                case .send(let epoch, let message): ["\(epoch): \(message.text)"]
                case .fetch(let id, _, _, _): ["list \(id)"]
                case .deliver(_, let items): items.map { Self.text($0) }
                default: []
                }
            }
        }

        private static func text(_ item: FeedItem) -> String {
            switch item {
            case .update(let bytes): "update \(bytes.text)"
            case .gap(let gap): "gap \(gap.cause)"
            case .snapshot, .value, .bookmark, .rest: "listed"
            }
        }

        mutating func hear(_ text: String, on epoch: UInt64) -> [String] {
            self.on(.messages(epoch, [MessageBatch(texts: [text])]))
        }
    }

    @Test("One that begins anew on the old connection is not set back by what the new one has of it")
    func anewOnTheOld() {
        var run = Run()
        let credentials = Credentials(lifetime: .seconds(100))
        for consumer in 1...2 {
            _ = run.on(.open(UInt64(consumer), .init("all", recovery: .list, from: Position(number: 5))))
        }
        _ = run.on(.credentials(1, credentials))
        _ = run.on(.opened(1, subprotocol: nil))
        #expect(run.hear("ready", on: 1) == ["1: watch 1 after 5"])
        #expect(run.on(.fired(.pace(1))) == ["1: watch 2 after 5"])
        _ = run.on(.fired(.connection(.rotate, 1)))
        _ = run.on(.credentials(2, credentials))
        _ = run.on(.opened(2, subprotocol: nil))
        #expect(run.hear("ready", on: 2) == ["2: watch 1 after 5"])
        #expect(run.hear("1 8 a x", on: 2) == [])
        #expect(run.hear("1 gone", on: 1) == ["2: unwatch 1", "gap compacted", "list 1"])
        let listing = DocumentListing([], position: Position(number: 20))
        #expect(run.on(.fetched(1, 1, .success(listing.fetched()))) == ["listed", "1: watch 1 after 20"])
        #expect(run.hear("1 9 a y", on: 2) == [])
        // The new one takes over as soon as everything is subscribed there.
        #expect(run.on(.fired(.pace(2))) == ["2: watch 2 after 5"])
        #expect(run.on(.fired(.pace(2))) == ["2: watch 1 after 20"])
        #expect(run.hear("1 21 a z", on: 2) == ["update 21 a z"])
    }
}
