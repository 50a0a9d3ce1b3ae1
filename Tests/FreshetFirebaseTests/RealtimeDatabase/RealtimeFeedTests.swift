// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Testing

@testable import FreshetFirebase

/// What feeds hand out, on scripted connections.
@Suite(.timeLimit(.minutes(1)))
struct RealtimeFeedTests {
    private typealias Talk = RealtimeConversation

    @Test(
        "A value is handed out whole after each change; after a drop there is a gap, and the value that is there then"
    )
    func observe() async throws {
        let scripted = RealtimeScripted()
        let database = scripted.database
        let (heard, continuation) = AsyncStream<String>.makeStream()
        let feed = Task {
            for try await event in database.reference("a").observe(as: [String: Int].self) {
                switch event {
                case .snapshot(let value):
                    continuation.yield("= \(value?.sorted { $0.key < $1.key }.description ?? "nil")")
                case .update(let value):
                    continuation.yield("~ \(value?.sorted { $0.key < $1.key }.description ?? "nil")")
                case .gap(let gap): continuation.yield("gap \(gap.cause)")
                }
            }
        }
        var texts = heard.makeAsyncIterator()
        let first = await scripted.ready(1)
        _ = await first.nextDeed()
        first.receive(Talk.data("a", "null"), Talk.ok(1), Talk.merge("a", #"{"x":1,"y":2}"#), Talk.data("a/x", "null"))
        #expect(await texts.next() == "= nil")
        #expect(await texts.next() == #"~ [(key: "x", value: 1), (key: "y", value: 2)]"#)
        #expect(await texts.next() == #"~ [(key: "y", value: 2)]"#)
        first.fail()
        await scripted.clock.expire(.milliseconds(125))
        let second = await scripted.ready(2)
        guard case .sent(let said) = await second.nextDeed() else { return }
        #expect(said.contains(#""h":"\#(RealtimeNode(["y": 2]).hash)""#))
        // It has not changed: nothing is sent.
        second.receive(Talk.ok(2))
        #expect(await texts.next() == "gap unknown")
        #expect(await texts.next() == #"= [(key: "y", value: 2)]"#)
        second.receive(#"{"t":"d","d":{"a":"c","b":{"p":"a"}}}"#)
        #expect(await RealtimeStandInTests.kind { try await feed.value } == .forbidden)
        await database.close()
    }

    @Test("Children are told one by one; after a gap what differs is told, and nothing else")
    func children() async throws {
        let scripted = RealtimeScripted()
        let children = scripted.database.reference("a").children(of: Int.self)
        let (heard, continuation) = AsyncStream<String>.makeStream()
        let feed = Task {
            for try await event in children.watch() {
                if case .gap = event { continuation.yield("gap") }
                for change in event.changes {
                    switch change {
                    case .added(let child): continuation.yield("+ \(child.key) \(child.value)")
                    case .modified(let child, let old):
                        continuation.yield("~ \(child.key) \(old?.value ?? -1)→\(child.value)")
                    case .removed(let key, _, let old): continuation.yield("- \(key) \(old?.value ?? -1)")
                    }
                }
            }
        }
        var texts = heard.makeAsyncIterator()
        let first = await scripted.ready(1)
        _ = await first.nextDeed()
        first.receive(Talk.data("a", #"{"b":2,"10":1,"9":0}"#), Talk.ok(1))
        for text in ["+ 9 0", "+ 10 1", "+ b 2"] { #expect(await texts.next() == text) }
        first.receive(Talk.merge("a", #"{"9":null,"b":3}"#))
        for text in ["- 9 0", "~ b 2→3"] { #expect(await texts.next() == text) }
        first.fail()
        await scripted.clock.expire(.milliseconds(125))
        let second = await scripted.ready(2)
        _ = await second.nextDeed()
        second.receive(Talk.data("a", #"{"b":3,"c":4}"#), Talk.ok(2))
        for text in ["gap", "- 10 1", "+ c 4"] { #expect(await texts.next() == text) }
        feed.cancel()
        await scripted.database.close()
    }

    @Test("Changes alone begin without what is there; after a drop there is a gap, and everything")
    func changesAlone() async throws {
        let scripted = RealtimeScripted()
        let children = scripted.database.reference("a").children(of: Int.self)
        let (heard, continuation) = AsyncStream<String>.makeStream()
        let feed = Task {
            for try await event in children.watch(from: .now) {
                switch event {
                case .gap(let gap): continuation.yield("gap \(gap.cause)")
                case .snapshot(let all): continuation.yield("all \(all.documents.map(\.value))")
                case .update(let changes): continuation.yield("changes \(changes.map(\.key))")
                }
            }
        }
        var texts = heard.makeAsyncIterator()
        for (number, asked) in [(1, 1), (2, 2)] {
            let link = await scripted.ready(number)
            _ = await link.nextDeed()
            link.receive(Talk.data("a", #"{"x":1}"#), Talk.ok(asked))
            if number == 2 {
                #expect(await texts.next() == "gap unknown")
                #expect(await link.nextDeed() == .sent(RealtimeCommand.ping.text))
                link.receive(Talk.pong)
                #expect(await texts.next() == "all [1]")
            }
            link.receive(Talk.data("a/y", "2"))
            #expect(await texts.next() == #"changes ["y"]"#)
            if number == 1 {
                link.fail()
                await scripted.clock.expire(.milliseconds(125))
            }
        }
        feed.cancel()
        await scripted.database.close()
    }
}
