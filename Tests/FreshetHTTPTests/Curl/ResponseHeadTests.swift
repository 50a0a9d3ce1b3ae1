// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import HTTPTypes
import Testing

@testable import FreshetHTTP

@Suite struct ResponseHeadTests {
    private static func head(_ lines: String..., limit: Int = 1000) throws(FreshetError) -> ResponseHead {
        var head = ResponseHead(limit: limit)
        for line in lines {
            let bytes = Array("\(line)\r\n".utf8)
            do {
                try bytes.withUnsafeBytes { try head.read(line: $0) }
            } catch let error as FreshetError {
                throw error
            } catch {
                Issue.record(error)
            }
        }
        return head
    }

    @Test("The status, its reason, and the fields in their order, without spaces around them")
    func reading() throws {
        let head = try Self.head("HTTP/1.1 404 Not  Here", "A: 1", "b:2", "A:\t 3 ", "Empty:", "")
        #expect(head.isComplete)
        #expect(head.response.status.code == 404)
        #expect(head.response.status.reasonPhrase == "Not  Here")
        #expect(head.response.headerFields[values: HTTPField.Name("a")!] == ["1", "3"])
        #expect(head.response.headerFields[HTTPField.Name("Empty")!] == "")
        #expect(try Self.head("HTTP/2 200 ", "").response.status.code == 200)
        #expect(try Self.head("HTTP/1.1 200", "").response.status.reasonPhrase == "")
    }

    @Test("An interim head is replaced by the next one, and trailers are not read")
    func interim() throws {
        let early = try Self.head("HTTP/1.1 103 Early Hints", "Link: x", "")
        #expect(!early.isComplete)
        let head = try Self.head("HTTP/1.1 103 Early", "Link: x", "", "HTTP/1.1 200 OK", "A: 1", "", "Trailer: x", "")
        #expect(head.isComplete)
        #expect(head.response.headerFields.map(\.name.rawName) == ["A"])
    }

    @Test("A folded field goes on behind a space (RFC 9112 5.2)")
    func folded() throws {
        let head = try Self.head("HTTP/1.1 200 OK", "A: one", " two: x", "\tthree", "B: 2", "")
        #expect(head.response.headerFields[HTTPField.Name("A")!] == "one two: x three")
        #expect(head.response.headerFields[HTTPField.Name("B")!] == "2")
    }

    @Test(
        "A line that HTTP does not have is an error",
        arguments: [
            ["HTTP/1.1 two hundred"], ["HTTP/1.1 20"], ["HTTP/1.1 +20"], ["HTTP/1.1 2000"], ["HTTP/1.1 099 x"],
            ["HTTP/1.1"], ["HTTP/1.1 101 Switching"], ["HTTP/1.1 200 OK", "no field"],
        ]
    )
    func lines(_ lines: [String]) {
        var head = ResponseHead(limit: 1000)
        let error = #expect(throws: FreshetError.self) {
            for line in lines { try Array("\(line)\r\n".utf8).withUnsafeBytes { try head.read(line: $0) } }
        }
        #expect(error?.kind == .protocolViolation)
    }

    @Test("A name that none can have is passed over, and bytes that are no text do no harm")
    func names() throws {
        let head = try Self.head("HTTP/1.1 200 OK", "Na me: x", ": y", "A\u{FC}: z", "B: \u{FC}", "")
        #expect(head.response.headerFields.count == 1)
        var raw = ResponseHead(limit: 100)
        try Array("HTTP/1.1 200 OK\r\n".utf8).withUnsafeBytes { try raw.read(line: $0) }
        let bytes: [UInt8] = [0x41, 0x3A, 0xFF, 0xFE, 0x0D, 0x0A]
        try bytes.withUnsafeBytes { try raw.read(line: $0) }
        #expect(raw.response.headerFields.count == 1)
    }

    @Test("All of it together has a limit, interim heads and trailers too")
    func limit() throws {
        let lines = ["HTTP/1.1 200 OK", "A: 12345678", ""]
        let size = lines.reduce(0) { $0 + $1.utf8.count + 2 }
        #expect(try Self.head(lines[0], lines[1], lines[2], limit: size).isComplete)
        let error = #expect(throws: FreshetError.self) {
            _ = try Self.head(lines[0], lines[1], lines[2], limit: size - 1)
        }
        #expect(error?.kind == .messageTooLarge)
        #expect(error?.hint != nil)
        let trailer = #expect(throws: FreshetError.self) {
            _ = try Self.head(lines[0], lines[1], lines[2], "Trailer: x", limit: size)
        }
        #expect(trailer?.kind == .messageTooLarge)
    }

    @Test(
        "The length counts that is announced once, or several times the same, and not beside chunks",
        arguments: [
            (["Content-Length: 12"], 12), (["Content-Length: 12", "Content-Length: 12"], 12),
            (["Content-Length: 12, 12"], 12), (["Content-Length: 3", "Transfer-Encoding: chunked"], nil), ([], nil),
        ] as [([String], Int?)]
    )
    func length(_ fields: [String], _ expected: Int?) throws {
        var head = ResponseHead(limit: 1000)
        for line in ["HTTP/1.1 200 OK"] + fields + [""] {
            try Array("\(line)\r\n".utf8).withUnsafeBytes { try head.read(line: $0) }
        }
        #expect(head.contentLength == expected)
    }

    @Test(
        "Lengths that contradict each other, or that none can be, are errors",
        arguments: [
            ["12", "13"], ["12, 13"], ["-1"], ["+1"], ["1e3"], ["99999999999999999999"], ["0x10"],
        ]
    )
    func wrongLength(_ lengths: [String]) {
        var head = ResponseHead(limit: 1000)
        let error = #expect(throws: FreshetError.self) {
            for line in ["HTTP/1.1 200 OK"] + lengths.map({ "Content-Length: \($0)" }) + [""] {
                try Array("\(line)\r\n".utf8).withUnsafeBytes { try head.read(line: $0) }
            }
        }
        #expect(error?.kind == .protocolViolation)
    }
}
