// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

@testable import FreshetFirebase

/// Messages in frames.
struct RealtimeFramesTests {
    private static func bytes(_ text: String) -> Bytes { Bytes(copying: text.utf8) }

    private static func assembled(_ frames: [Bytes], limit: Int = 1 << 20) throws -> [String] {
        var assembler = RealtimeAssembler(limit: limit)
        return try frames.compactMap { try assembler.take($0)?.text }
    }

    @Test("A message of 16,384 units of UTF-16 is one frame; of one more it is a number and two segments")
    func limit() {
        let exact = String(repeating: "é", count: 16_384)
        #expect(RealtimeFrames.split(Self.bytes(exact)).map(\.text) == [exact])
        let more = RealtimeFrames.split(Self.bytes(exact + "x")).map(\.text)
        #expect(more == ["2", exact, "x"])
    }

    @Test(
        "No segment ends within a letter, also where that has two units, and each can be read again",
        arguments: 1...40
    )
    func letters(limit: Int) throws {
        let text = #"{"a":"é漢😀a😀😀漢é","b":"😀"}"#
        // A letter of two units needs room for two.
        let limit = max(limit, 2)
        let frames = RealtimeFrames.split(Self.bytes(text), limit: limit)
        for frame in frames {
            #expect(String(validating: frame.array, as: UTF8.self) != nil)
            #expect(frame.text.utf16.count <= limit)
        }
        #expect(try Self.assembled(frames) == [text])
    }

    @Test("A message that is split at any letter is the same message")
    func everySplit() throws {
        let text = #"{"t":"d","d":{"a":"d","b":{"p":"a","d":"é漢😀"}}}"#
        let scalars = Array(text.unicodeScalars)
        for place in 0...scalars.count {
            var (first, second) = ("", "")
            first.unicodeScalars.append(contentsOf: scalars[..<place])
            second.unicodeScalars.append(contentsOf: scalars[place...])
            #expect(try Self.assembled(["2", first, second, "1", text, text].map(Self.bytes)) == [text, text, text])
        }
    }

    @Test("Segments that look like numbers are segments; a number of none, and nothing at all, mean nothing")
    func numbers() throws {
        #expect(try Self.assembled(["3", "1", "2", "3", "0", "", "{}"].map(Self.bytes)) == ["123", "{}"])
        // Too long for a number of segments.
        #expect(try Self.assembled([Self.bytes("1234567")]) == ["1234567"])
    }

    @Test(
        "A number below zero breaks the protocol; more than the limit is refused, in one frame, in many, in empty ones"
    )
    func hostile() {
        #expect(throws: RealtimeAssembler.Failure.self) { try Self.assembled([Self.bytes("-1")]) }
        #expect(throws: RealtimeAssembler.Failure.tooLarge(limit: 10)) {
            try Self.assembled([Self.bytes("{234567890}")], limit: 10)
        }
        #expect(throws: RealtimeAssembler.Failure.tooLarge(limit: 10)) {
            try Self.assembled(["3", "123456", "12345"].map(Self.bytes), limit: 10)
        }
        #expect(throws: RealtimeAssembler.Failure.tooLarge(limit: 10)) {
            try Self.assembled([Self.bytes("999999")] + Array(repeating: Self.bytes(""), count: 20), limit: 10)
        }
    }

    // MARK: - Messages

    private static func words(_ text: String) -> String {
        switch RealtimeMessage(Self.bytes(text)) {
        case .hello(let hello)?: "hello \(hello.time) \(hello.host) \(hello.session)"
        case .reset(let host)?: "reset \(host)"
        case .shutdown(let reason)?: "shutdown \(reason)"
        case .error(let text)?: "error \(text)"
        case .ping?: "ping"
        case .pong?: "pong"
        case .reply(let number, let reply)?: "reply \(number) \(reply.status) \(reply.data?.text ?? "-")"
        case .push(let action, let body)?: "push \(action) \(body.text)"
        case .other(let what)?: "other \(what)"
        case nil: "none"
        }
    }

    @Test("What a server says is understood, whatever the order of its members")
    func messages() {
        let hello = #"{"t":"c","d":{"t":"h","d":{"ts":1700000000123,"v":"5","h":"s-usc1.firebaseio.com","s":"abc"}}}"#
        #expect(Self.words(hello) == "hello 1700000000123 s-usc1.firebaseio.com abc")
        #expect(Self.words(#"{"d":{"d":"other:1","t":"r"},"t":"c"}"#) == "reset other:1")
        #expect(Self.words(#"{"t":"c","d":{"t":"s","d":"gone"}}"#) == "shutdown gone")
        #expect(Self.words(#"{"t":"c","d":{"t":"e","d":"bad"}}"#) == "error bad")
        #expect(Self.words(#"{"t":"c","d":{"t":"p","d":{}}}"#) == "ping")
        #expect(Self.words(#"{"t":"c","d":{"t":"o","d":null}}"#) == "pong")
        #expect(Self.words(#"{"t":"d","d":{"r":3,"b":{"s":"ok","d":{"a":1}}}}"#) == #"reply 3 ok {"a":1}"#)
        #expect(Self.words(#"{"t":"d","d":{"r":3,"b":{"s":"ok"}}}"#) == "reply 3 ok -")
        #expect(Self.words(#"{"t":"d","d":{"a":"d","b":{"p":"x","d":null}}}"#) == #"push d {"p":"x","d":null}"#)
        #expect(Self.words(#"{"t":"c","d":{"t":"n","d":null}}"#) == "other a control message n")
    }

    @Test("No beginning of a message is one, and none of them traps")
    func cut() {
        let whole = Array(#"{"t":"d","d":{"r":12,"b":{"s":"ok","d":{"w":["no_index"],"é":"\ud83d\ude00"}}}}"#.utf8)
        for count in 0..<whole.count { #expect(RealtimeMessage(Bytes(copying: whole.prefix(count))) == nil) }
        #expect(RealtimeMessage(Bytes(copying: whole)) != nil)
    }

    @Test(
        "What is no message is none",
        arguments: [
            "[]", "7", #"{"t":"x","d":{}}"#, #"{"t":"c","d":[]}"#, #"{"t":"c","d":{"t":"h","d":{}}}"#,
            #"{"t":"c","d":{"t":"r","d":7}}"#, #"{"t":"d","d":{"r":1,"b":{}}}"#, #"{"t":"d","d":{"r":1}}"#,
            "<html>", #"{"t":"d"}"#,
        ]
    )
    func none(_ text: String) {
        #expect(RealtimeMessage(Self.bytes(text)) == nil)
    }

    @Test("A client's request is read as it was written")
    func commands() {
        let command = RealtimeCommand(7, "p", #"{"p":"/é","d":{"a":"\"}"}}"#)
        #expect(command.message.text == #"{"t":"d","d":{"r":7,"a":"p","b":{"p":"/é","d":{"a":"\"}"}}}}"#)
        #expect(RealtimeCommand(reading: command.message) == command)
        #expect(RealtimeCommand(reading: RealtimeCommand.ping) == nil)
    }
}
