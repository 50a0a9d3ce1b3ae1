// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments
import FreshetTransport
import Testing

@testable import FreshetFirebase

/// The protocol, without a socket.
struct RealtimeSourceTests {
    private typealias Talk = RealtimeConversation

    // MARK: - The greeting

    private static func greeted(_ credentials: Credentials?) throws -> (RealtimeSource, [String]) {
        var source = RealtimeSource(memory: RealtimeMemory())
        #expect(try source.opened(subprotocol: nil, credentials: credentials).isEmpty)
        let hello = try source.receive(WebSocketMessage(text: Talk.hello))
        return (source, Talk.words(hello))
    }

    @Test("Without credentials it is ready with the greeting, and remembers the session")
    func greeting() throws {
        let (source, words) = try Self.greeted(nil)
        #expect(words == ["ready"])
        #expect(source.memory.session == "s1")
        // Not of Google's: the host that it names is not one to come back to.
        #expect(source.memory.host == nil)
    }

    @Test("A user's token is shown as auth, another one as gauth, before anything else")
    func tokens() throws {
        // {"alg":"none"} {"iat":1}, without a signature, as the emulator takes them
        let user = "eyJhbGciOiJub25lIn0.eyJpYXQiOjF9."
        var (source, words) = try Self.greeted(.bearer(user))
        #expect(words == [#"say {"t":"d","d":{"r":1,"a":"auth","b":{"cred":"\#(user)"}}}"#])
        #expect(Talk.words(try source.receive(WebSocketMessage(text: Talk.ok(1)))) == ["ready"])
        words = try Self.greeted(.bearer("owner")).1
        #expect(words == [#"say {"t":"d","d":{"r":1,"a":"gauth","b":{"cred":"owner"}}}"#])
        words = try Self.greeted(Credentials(headers: [HTTPHeader("Authorization", "Bearer owner")])).1
        #expect(words.count == 1)
    }

    @Test("A token that is refused, at the beginning or later, asks for another one")
    func refused() throws {
        var (source, _) = try Self.greeted(.bearer("owner"))
        #expect(
            Talk.words(try source.receive(WebSocketMessage(text: Talk.no(1, "expired_token")))) == [
                "refused unauthorized"
            ]
        )
        var talk = try Talk()
        #expect(
            try talk.hear(#"{"t":"d","d":{"a":"ac","b":{"s":"expired_token","d":"x"}}}"#) == ["refused unauthorized"]
        )
    }

    @Test("A server that sends its clients elsewhere, or wants none of them, is left")
    func elsewhere() throws {
        var talk = try Talk()
        #expect(try talk.hear(#"{"t":"c","d":{"t":"r","d":"other.example"}}"#) == ["refused interrupted"])
        #expect(talk.source.memory.host == "other.example")
        #expect(try talk.hear(#"{"t":"c","d":{"t":"s","d":"off"}}"#) == ["refused operationFailed(payload: [])"])
    }

    @Test("A ping is answered; what means nothing here is noted; what is no message breaks the connection")
    func others() throws {
        var talk = try Talk()
        #expect(try talk.hear(#"{"t":"c","d":{"t":"p","d":{}}}"#) == [#"say {"t":"c","d":{"t":"o","d":{}}}"#])
        #expect(try talk.hear(#"{"t":"c","d":{"t":"e","d":"oh"}}"#) == ["note the server says: oh"])
        #expect(try talk.hear("0").isEmpty)
        for text in ["<html>", #"{"t":"d","d":{"a":"d","b":{"p":"x"}}}"#, Talk.merge("x", "7"), "-3"] {
            #expect(throws: SourceViolation.self) { try talk.hear(text) }
        }
    }

    // MARK: - Listening

    @Test("Everything that comes before the answer is the state; then there are changes of children")
    func listening() throws {
        var talk = try Talk()
        #expect(talk.listen(1, "/users/") == #"{"t":"d","d":{"r":1,"a":"q","b":{"h":"","p":"/users"}}}"#)
        #expect(try talk.hear(Talk.data("users", #"{"1":{"n":"Ada"},"2":7}"#)).isEmpty)
        #expect(try talk.hear(Talk.ok(1)) == [#"snapshot 1 {"1":{"n":"Ada"},"2":7}"#])
        #expect(try talk.hear(Talk.data("users/1/n", #""Bob""#)) == [#"update 1 {"1":{"n":"Bob"}}"#])
        #expect(try talk.hear(Talk.data("users/2", "null")) == [#"update 1 {"2":null}"#])
        #expect(
            try talk.hear(Talk.merge("users", #"{"1/a":1,"3":true,"2":null}"#))
                == [#"update 1 {"1":{"a":1,"n":"Bob"},"3":true}"#]
        )
        #expect(try talk.hear(Talk.merge("users/1", #"{"a":null,"n":null}"#)) == [#"update 1 {"1":null}"#])
        #expect(try talk.hear(Talk.data("users", "5")) == ["snapshot 1 5"])
        #expect(try talk.hear(Talk.data("users/x", "1")) == [#"snapshot 1 {"x":1}"#])
    }

    @Test("Nothing that is there is a state too, and what is said twice is told once")
    func nothing() throws {
        var talk = try Talk()
        _ = talk.listen(1, "a")
        #expect(try talk.hear(Talk.data("a", "null"), Talk.ok(1)) == ["snapshot 1 null"])
        #expect(try talk.hear(Talk.data("a/b", "1"), Talk.data("a/b", "1.0")) == [#"update 1 {"b":1}"#])
        #expect(try talk.hear(Talk.data("a/b/.priority", "3")) == [#"update 1 {"b":{".priority":3,".value":1}}"#])
        #expect(try talk.hear(Talk.data("elsewhere", "1")).isEmpty)
        #expect(
            try talk.hear(Talk.data("a/.priority", "3")) == [
                #"snapshot 1 {".priority":3,"b":{".priority":3,".value":1}}"#
            ]
        )
    }

    @Test("The state in segments, split anywhere, is the state")
    func segments() throws {
        let message = Array(Talk.data("a", #"{"é漢😀":"😀"}"#).unicodeScalars)
        for place in 0...message.count {
            var talk = try Talk()
            _ = talk.listen(1, "a")
            var pieces = ["", ""]
            pieces[0].unicodeScalars.append(contentsOf: message[..<place])
            pieces[1].unicodeScalars.append(contentsOf: message[place...])
            #expect(try talk.hear("2", pieces[0], pieces[1], Talk.ok(1)) == [#"snapshot 1 {"é漢😀":"😀"}"#])
        }
    }

    @Test("What lies too deep, by its place or together with what is there, breaks the connection and not the stack")
    func tooDeep() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: #"{"a":"#, count: depth) + "1" + String(repeating: "}", count: depth)
        }
        let endless = "a" + String(repeating: "/a", count: 200_000)
        let long = "a" + String(repeating: "/a", count: 60)
        var talk = try Talk()
        _ = talk.listen(1, "a")
        #expect(try talk.hear(Talk.data("a", "null"), Talk.ok(1)) == ["snapshot 1 null"])
        for text in [
            Talk.data(endless, "1"), Talk.data(endless, "null"), Talk.merge("a", #"{"\#(endless)":1}"#),
            Talk.data(long, nested(80)), Talk.merge("a", #"{"\#(long)":\#(nested(80))}"#),
        ] {
            #expect(throws: SourceViolation.self) { try talk.hear(text) }
        }
        // Deeper than the server's limit, and still as deep as a value may be.
        #expect(try talk.hear(Talk.data(long, nested(60))) == ["update 1 \(nested(120))"])
    }

    @Test("A query has a tag, and only what has the tag is for it")
    func tagged() throws {
        var talk = try Talk()
        let said = talk.listen(1, "a") { ($0.order, $0.limit) = (.child("n"), .init(2, isFromEnd: false)) }
        #expect(said == #"{"t":"d","d":{"r":1,"a":"q","b":{"h":"","p":"/a","q":{"i":"n","l":2,"vf":"l"},"t":1}}}"#)
        _ = talk.listen(2, "a")
        #expect(try talk.hear(Talk.data("a", #"{"x":{"n":1}}"#, tag: 1), Talk.ok(1)) == [#"snapshot 1 {"x":{"n":1}}"#])
        #expect(
            try talk.hear(Talk.data("a", #"{"x":{"n":1},"y":2}"#), Talk.ok(2)) == [#"snapshot 2 {"x":{"n":1},"y":2}"#]
        )
        #expect(
            try talk.hear(Talk.merge("a", #"{"x":null,"z":{"n":0}}"#, tag: 1)) == [#"update 1 {"x":null,"z":{"n":0}}"#]
        )
        #expect(try talk.hear(Talk.data("a/y", "3")) == [#"update 2 {"y":3}"#])
        #expect(try talk.hear(Talk.data("a", "1", tag: 99)).isEmpty)
        #expect(
            talk.source.unsubscribe(1)?.text
                == #"{"t":"d","d":{"r":3,"a":"n","b":{"p":"/a","q":{"i":"n","l":2,"vf":"l"},"t":1}}}"#
        )
        #expect(try talk.hear(Talk.data("a", "1", tag: 1), Talk.ok(3)).isEmpty)
    }

    @Test("What somebody listens to further up, or further down, is one change for each of them")
    func nested() throws {
        var talk = try Talk()
        _ = talk.listen(1, "")
        #expect(try talk.hear(Talk.data("", #"{"a":{"b":1}}"#), Talk.ok(1)) == [#"snapshot 1 {"a":{"b":1}}"#])
        _ = talk.listen(2, "a/b")
        // Before all of it is there, nothing from further up is for it.
        #expect(try talk.hear(Talk.data("a", #"{"b":2}"#)) == [#"update 1 {"a":{"b":2}}"#])
        #expect(try talk.hear(Talk.data("a/b", "2"), Talk.ok(2)) == ["snapshot 2 2"])
        #expect(
            Set(try talk.hear(Talk.data("a", #"{"b":3}"#), Talk.data("a/b", "3")))
                == [#"update 1 {"a":{"b":3}}"#, "snapshot 2 3"]
        )
        #expect(Set(try talk.hear(Talk.merge("a", #"{"b":null}"#))) == [#"update 1 {"a":null}"#, "snapshot 2 null"])
    }

    @Test(
        "Who asks for what somebody has asked for already gets it with the next word, and the server is not asked again"
    )
    func shared() throws {
        var talk = try Talk()
        _ = talk.listen(1, "a")
        #expect(talk.listen(2, "a") == #"{"t":"c","d":{"t":"p","d":{}}}"#)
        // Not before the state is there.
        #expect(try talk.hear(Talk.pong).isEmpty)
        #expect(try talk.hear(Talk.data("a", "1"), Talk.ok(1)) == ["snapshot 1 1", "snapshot 2 1"])
        _ = talk.listen(3, "a")
        #expect(try talk.hear(Talk.data("a", "2")) == ["snapshot 1 2", "snapshot 2 2"])
        #expect(try talk.hear(Talk.pong) == ["snapshot 3 2"])
        #expect(try talk.hear(Talk.pong).isEmpty)
        #expect(talk.source.unsubscribe(1) == nil)
        #expect(talk.source.unsubscribe(2) == nil)
        #expect(talk.source.unsubscribe(3)?.text == #"{"t":"d","d":{"r":2,"a":"n","b":{"p":"/a"}}}"#)
        // A new beginning: the answer to the first request is not taken for the second's.
        _ = talk.listen(4, "a")
        _ = talk.source.unsubscribe(4)
        _ = talk.listen(5, "a")
        #expect(try talk.hear(Talk.data("a", "1"), Talk.ok(3)).isEmpty)
        #expect(try talk.hear(Talk.data("a", "2"), Talk.ok(5)) == ["snapshot 5 2"])
    }

    // MARK: - The next connection

    @Test("The next connection tells the hash of what was there; where it holds, the state is that without being sent")
    func unchanged() throws {
        let memory = RealtimeMemory()
        var first = try Talk(memory)
        _ = first.listen(1, "a")
        _ = try first.hear(Talk.data("a", #"{"intNode":3}"#), Talk.ok(1), Talk.data("a/intNode", "4"))
        var second = try Talk(memory)
        let hash = RealtimeNode(["intNode": 4]).hash
        #expect(second.listen(1, "a") == #"{"t":"d","d":{"r":2,"a":"q","b":{"h":"\#(hash)","p":"/a"}}}"#)
        #expect(try second.hear(Talk.ok(2)) == [#"snapshot 1 {"intNode":4}"#])
        #expect(try second.hear(Talk.data("a/b", "1")) == [#"update 1 {"b":1}"#])
        // The first one is not touched by that.
        #expect(try first.hear(Talk.data("a/c", "2")) == [#"update 1 {"c":2}"#])
    }

    @Test("Where it does not hold the state is what the server sends, and nothing of what was there")
    func changed() throws {
        let memory = RealtimeMemory()
        var first = try Talk(memory)
        _ = first.listen(1, "a")
        _ = try first.hear(Talk.data("a", #"{"x":1,"y":2}"#), Talk.ok(1))
        var second = try Talk(memory)
        _ = second.listen(1, "a")
        #expect(try second.hear(Talk.data("a", #"{"y":2}"#), Talk.ok(2)) == [#"snapshot 1 {"y":2}"#])
        var third = try Talk(memory)
        _ = third.source.unsubscribe(1)
        #expect(third.listen(7, "b").contains(#""h":"""#))
    }

    @Test("Changes alone: nothing at first; after a drop they are told as lost, and the state comes")
    func changesAlone() throws {
        let memory = RealtimeMemory()
        var talk = try Talk(memory)
        _ = talk.listen(1, "a", isNew: true)
        #expect(try talk.hear(Talk.data("a", #"{"x":1}"#), Talk.ok(1)) == ["confirmed 1", "progress 1 now"])
        #expect(try talk.hear(Talk.data("a/x", "2")) == [#"update 1 {"x":2}"#])
        var next = try Talk(memory)
        _ = next.listen(1, "a", isNew: true, from: Position(text: "now"))
        #expect(try next.hear(Talk.data("a", #"{"x":3}"#), Talk.ok(2)) == ["lost 1 unknown"])
        // The engine subscribes it once more.
        #expect(next.listen(1, "a", isNew: true) == RealtimeCommand.ping.text)
        #expect(try next.hear(Talk.pong) == [#"snapshot 1 {"x":3}"#, "progress 1 now"])
        #expect(try next.hear(Talk.data("a/x", "4")) == [#"update 1 {"x":4}"#])
    }
}
