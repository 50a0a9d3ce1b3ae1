// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments
import Testing

@testable import FreshetFirebase

/// What the server denies and answers, without a socket.
struct RealtimeAnswerTests {
    private typealias Talk = RealtimeConversation

    // MARK: - Rules

    @Test("Rules that deny fail the one feed; a server that cannot now has it asked again")
    func denied() throws {
        var talk = try Talk()
        _ = talk.listen(1, "a")
        _ = talk.listen(2, "b")
        _ = talk.listen(3, "c")
        #expect(try talk.hear(Talk.no(1, "permission_denied")) == ["failed 1 forbidden"])
        #expect(try talk.hear(Talk.no(2, "unavailable")) == ["interrupted 2 server(status: 503)"])
        #expect(try talk.hear(Talk.data("c", "1"), Talk.ok(3)) == ["snapshot 3 1"])
        #expect(talk.source.unsubscribe(1) == nil)
    }

    @Test("Rules that deny later fail what is listened to at that place by that query, and nothing else")
    func revoked() throws {
        var talk = try Talk()
        _ = talk.listen(1, "a")
        _ = talk.listen(2, "a") { $0.order = .key }
        _ = talk.listen(3, "a/b")
        _ = try talk.hear(Talk.data("a", "1"), Talk.ok(1), Talk.data("a", "1", tag: 1), Talk.ok(2), Talk.ok(3))
        #expect(try talk.hear(#"{"t":"d","d":{"a":"c","b":{"p":"a"}}}"#) == ["failed 1 forbidden"])
        #expect(try talk.hear(#"{"t":"d","d":{"a":"c","b":{"p":"/a","q":{"i":".key"}}}}"#) == ["failed 2 forbidden"])
        #expect(try talk.hear(#"{"t":"d","d":{"a":"c","b":{"p":"a"}}}"#).isEmpty)
        #expect(try talk.hear(Talk.data("a/b", "1")) == ["snapshot 3 1"])
    }

    @Test("A missing index is noted")
    func noIndex() throws {
        var talk = try Talk()
        _ = talk.listen(1, "a")
        let words = try talk.hear(Talk.data("a", "1"), Talk.ok(1, #"{"w":["no_index"]}"#))
        #expect(words.first == "snapshot 1 1")
        #expect(words.last?.hasPrefix("note the rules have no index for /a") == true)
    }

    // MARK: - Asking and changing

    @Test("Requests are said as the official client says them, and numbered through all connections")
    func requests() throws {
        let memory = RealtimeMemory()
        var talk = try Talk(memory)
        #expect(talk.ask(1, .get(Talk.target("a"))) == #"{"t":"d","d":{"r":1,"a":"g","b":{"p":"/a","q":{}}}}"#)
        let put = RealtimeChange(.put, RealtimePath("a"), "[1]", ifHash: "h=")
        #expect(talk.ask(2, .change(put)) == #"{"t":"d","d":{"r":2,"a":"p","b":{"p":"/a","d":[1],"h":"h="}}}"#)
        talk = try Talk(memory)
        let merge = RealtimeChange(.merge, RealtimePath(""), #"{"a/b":1}"#)
        #expect(talk.ask(3, .change(merge)) == #"{"t":"d","d":{"r":3,"a":"m","b":{"p":"/","d":{"a/b":1}}}}"#)
        let later = RealtimeChange(.putOnDisconnect, RealtimePath("p"), "null")
        #expect(talk.ask(4, .change(later)) == #"{"t":"d","d":{"r":4,"a":"o","b":{"p":"/p","d":null}}}"#)
        let cancel = RealtimeChange(.cancelOnDisconnect, RealtimePath("p"), "null")
        #expect(talk.ask(5, .change(cancel)) == #"{"t":"d","d":{"r":5,"a":"oc","b":{"p":"/p"}}}"#)
        #expect(try talk.hear(Talk.ok(3), Talk.ok(5, "null")) == ["update 3 {}", "update 5 null"])
    }

    @Test("Answers say what became of it")
    func answers() throws {
        var talk = try Talk()
        _ = talk.ask(1, .get(Talk.target("a")))
        _ = talk.ask(2, .change(RealtimeChange(.put, RealtimePath("a"), "1", ifHash: "")))
        _ = talk.ask(3, .change(RealtimeChange(.put, RealtimePath("a"), "1")))
        _ = talk.ask(4, .change(RealtimeChange(.merge, RealtimePath("a"), "{}")))
        _ = talk.ask(5, .change(RealtimeChange(.put, RealtimePath("a"), "1")))
        #expect(try talk.hear(Talk.ok(1, #"{"x":9007199254740993}"#)) == [#"update 1 {"x":9007199254740993}"#])
        #expect(try talk.hear(Talk.no(2, "datastale")) == ["failed 2 conflict(version: nil)"])
        #expect(try talk.hear(Talk.no(3, "permission_denied")) == ["failed 3 forbidden"])
        #expect(try talk.hear(Talk.no(4, "too_big")) == ["failed 4 messageTooLarge"])
        #expect(try talk.hear(#"{"t":"d","d":{"r":5,"b":{"s":"ok"}}}"#) == ["update 5 null"])
        #expect(try talk.hear(Talk.ok(5), Talk.ok(99)).isEmpty)
    }

    @Test("Over HTTP everything that is listened to has a tag, and no hash")
    func streamed() throws {
        let memory = RealtimeMemory()
        var first = try Talk(memory)
        _ = first.listen(1, "a")
        _ = try first.hear(Talk.data("a", "1"), Talk.ok(1))
        var talk = try Talk(memory, subprotocol: HTTPStreamTransport.subprotocol)
        #expect(talk.listen(1, "a") == #"{"t":"d","d":{"r":2,"a":"q","b":{"h":"","p":"/a","q":{},"t":1}}}"#)
        #expect(try talk.hear(Talk.data("a", "2", tag: 1), Talk.ok(2)) == ["snapshot 1 2"])
    }
}
