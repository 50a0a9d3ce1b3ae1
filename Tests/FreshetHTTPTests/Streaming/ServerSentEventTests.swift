// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP
import HTTPTypes
import Testing

@Suite struct ServerSentEventTests {
    private static func reply(_ pieces: [Bytes], type: String = "text/event-stream") -> HTTPReply {
        let stream = AsyncStream<Bytes> { continuation in
            for piece in pieces { continuation.yield(piece) }
            continuation.finish()
        }
        return HTTPReply(HTTPResponse(status: .ok, headerFields: [.contentType: type]), body: HTTPBody(stream))
    }

    private static func events(_ text: String, cuts: [Int] = [], limit: Int = 1000) async throws -> [ServerSentEvent] {
        let bytes = Array(text.utf8)
        var pieces: [Bytes] = []
        var start = 0
        for cut in cuts + [bytes.count] {
            pieces.append(Bytes(copying: bytes[start..<cut]))
            start = cut
        }
        var events: [ServerSentEvent] = []
        for try await event in try Self.reply(pieces).serverSentEvents(upTo: limit) { events.append(event) }
        return events
    }

    private static let golden =
        "\u{FEFF}: a comment\nevent: add\ndata: one\ndata:  two\r\ndata\rid: 7\nretry: 1500\n\n"
        + "data:\n\n\n\nevent: nothing\n\nunknown: x\ndata: \u{FC}\u{1F30A}:x\n\nid\ndata:3\r\n\r\nid: a\u{0}b\nretry: -1\ndata: 4\n\n"
        + "data: cut short"

    private static let expected = [
        ServerSentEvent(event: "add", data: "one\n two\n", id: "7", retry: .milliseconds(1500)),
        ServerSentEvent(data: "", id: "7"),
        ServerSentEvent(data: "\u{FC}\u{1F30A}:x", id: "7"),
        ServerSentEvent(data: "3", id: ""),
        ServerSentEvent(data: "4", id: ""),
    ]

    @Test("The standard's rules hold, wherever the pieces are cut")
    func everySplit() async throws {
        let size = Self.golden.utf8.count
        for cut in 0...size {
            #expect(try await Self.events(Self.golden, cuts: [cut]) == Self.expected, "cut at \(cut)")
        }
        #expect(try await Self.events(Self.golden, cuts: Array(1..<size)) == Self.expected)
    }

    @Test("The line break makes no difference", arguments: ["\n", "\r\n", "\r"])
    func lineBreaks(_ lineBreak: String) async throws {
        let text = ["id: 1", "data: a", "data: b", "", "data: c", "", ""].joined(separator: lineBreak)
        let expected = [ServerSentEvent(data: "a\nb", id: "1"), ServerSentEvent(data: "c", id: "1")]
        for cut in 0...text.utf8.count { #expect(try await Self.events(text, cuts: [cut]) == expected) }
    }

    @Test("A byte order mark is one only at the beginning")
    func byteOrderMark() async throws {
        #expect(try await Self.events("\u{FEFF}data: 1\n\n").map(\.data) == ["1"])
        #expect(try await Self.events("data: 0\n\n\u{FEFF}data: 1\n\n").map(\.data) == ["0"])
        #expect(try await Self.events("\u{FEFF}\ndata: 1\n\n").map(\.data) == ["1"])
    }

    @Test("The data of one event has a limit, and so has a line")
    func limits() async throws {
        #expect(try await Self.events("data: 1234\ndata: 678\n\n", limit: 11).count == 1)
        for text in [
            "data: 1234\ndata: 6789012345\n\n", "data: 123456789012\n\n", ": \(String(repeating: "x", count: 20))",
        ] {
            let error = await #expect(throws: FreshetError.self) { _ = try await Self.events(text, limit: 11) }
            #expect(error?.kind == .messageTooLarge)
        }
        // Many small events are no large one.
        #expect(try await Self.events(String(repeating: "data: 1\n\n", count: 100), limit: 20).count == 100)
    }

    @Test("What is no stream of events is told so", arguments: ["", "text/html", "application/json"])
    func otherTypes(_ type: String) {
        let error = #expect(throws: FreshetError.self) { _ = try Self.reply([], type: type).serverSentEvents() }
        #expect(error?.kind == .protocolViolation)
        #expect(error?.hint?.contains("text/event-stream") == true)
    }

    @Test("Parameters of the type do no harm")
    func parameters() throws {
        _ = try Self.reply([], type: "Text/Event-Stream; charset=utf-8").serverSentEvents()
    }
}
