// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetTransport
import Testing

@testable import FreshetCLI

struct WatchInputTests {
    /// A file with these bytes, for as long as `body` runs.
    private func withFile<Result>(_ bytes: some Sequence<UInt8>, _ body: (String) throws -> Result) throws -> Result {
        let url = FileManager.default.temporaryDirectory.appending(path: "freshet-\(UUID().uuidString)")
        try Data(bytes).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        return try body(url.path)
    }

    private func failure(_ body: () throws -> Void) throws -> FreshetError {
        try #require(#expect(throws: FreshetError.self) { try body() })
    }

    // MARK: - The document

    @Test("The document is on the command line or in a file")
    func document() throws {
        #expect(try WatchInput.document(query: "subscription { a }", file: nil) == "subscription { a }")
        let text = "subscription {\n  é\n}\n"
        #expect(try withFile(text.utf8) { try WatchInput.document(query: nil, file: $0) } == text)
    }

    @Test(
        "No document, or two, is a usage error that says how",
        arguments: [(nil, nil), ("{ a }", "f")] as [(String?, String?)]
    )
    func documentCount(_ query: String?, _ file: String?) throws {
        let error = try failure { _ = try WatchInput.document(query: query, file: file) }
        #expect(error.kind == .invalidInput)
        #expect(error.hint != nil)
    }

    @Test("A file that is not there, or not text, is named")
    func badFile() throws {
        let missing = try failure { _ = try WatchInput.document(query: nil, file: "/nowhere/at.all") }
        #expect(missing.kind == .invalidInput)
        #expect(missing.message == "the file /nowhere/at.all cannot be read: No such file or directory")
        let binary = try withFile([0x7B, 0xFF, 0x7D]) { path in
            try failure { _ = try WatchInput.document(query: nil, file: path) }
        }
        #expect(binary.kind == .invalidInput)
        #expect(binary.message.hasSuffix(" is not text"))
    }

    // MARK: - Variables

    @Test("--var is text, whatever it looks like; --var-json is what it is")
    func variables() throws {
        let variables = try WatchInput.variables(
            strings: ["id=42", "empty=", "equation=a=b", "list=[1]", "é=ü"],
            json: ["n=5", "f={\"a\":[1.5,null]}", "s=\"x=y\"", "t= true "]
        )
        #expect(
            variables == [
                "id": "42", "empty": "", "equation": "a=b", "list": "[1]", "é": "ü",
                "n": 5, "f": ["a": [1.5, nil]], "s": "x=y", "t": true,
            ]
        )
        #expect(try WatchInput.variables(strings: [], json: []) == [:])
    }

    @Test("Of a name that is given twice the last counts, and JSON counts more")
    func variableTwice() throws {
        #expect(try WatchInput.variables(strings: ["a=1", "a=2"], json: []) == ["a": "2"])
        #expect(try WatchInput.variables(strings: ["a=1"], json: ["a=3"]) == ["a": 3])
    }

    @Test("A variable without a name or an equals sign is refused", arguments: ["", "id", "=42", "="])
    func badPair(_ argument: String) throws {
        let text = try failure { _ = try WatchInput.variables(strings: [argument], json: []) }
        #expect(text == FreshetError(.invalidInput, "--var needs a name and a value", hint: "--var id=42"))
        let json = try failure { _ = try WatchInput.variables(strings: [], json: [argument]) }
        #expect(json == FreshetError(.invalidInput, "--var-json needs a name and a value", hint: "--var-json n=5"))
    }

    @Test(
        "A value that is not JSON is refused by its name, and not repeated",
        arguments: ["", "hunter2", "{", "1 2", "'x'"]
    )
    func badJSON(_ value: String) throws {
        let error = try failure { _ = try WatchInput.variables(strings: [], json: ["token=\(value)"]) }
        #expect(error.kind == .invalidInput)
        #expect(error.message == "the value of --var-json token is not JSON")
        #expect(!error.description.contains("hunter2"))
    }

    // MARK: - Headers

    @Test("A header is a name, a colon, a value")
    func headers() throws {
        #expect(
            try WatchInput.headers(["Authorization: Bearer a:b", "X-A:1", "X-Empty:", "X-Space:   x  y"]) == [
                HTTPHeader("Authorization", "Bearer a:b"), HTTPHeader("X-A", "1"), HTTPHeader("X-Empty", ""),
                HTTPHeader("X-Space", "x  y"),
            ]
        )
    }

    @Test("A file has a header a line; empty lines are nothing")
    func headerFile() throws {
        let headers = try withFile("X-A: 1\r\n\r\nX-B: 2\n\nX-C: 3".utf8) {
            try WatchInput.headers(["X-0: 0", "@\($0)"])
        }
        #expect(
            headers == [HTTPHeader("X-0", "0"), HTTPHeader("X-A", "1"), HTTPHeader("X-B", "2"), HTTPHeader("X-C", "3")]
        )
    }

    @Test(
        "A header that cannot be sent is refused, and its value not repeated",
        arguments: ["hunter2", "", ": hunter2", "A B: hunter2", "X: hunter2\r\nY: 1", "Host: hunter2", " X: hunter2"]
    )
    func badHeader(_ argument: String) throws {
        let error = try failure { _ = try WatchInput.headers(["X-Good: 1", argument]) }
        #expect(error.kind == .invalidInput)
        #expect(!error.description.contains("hunter2"))
    }

    @Test("A file of headers that is not there is named")
    func missingHeaderFile() throws {
        let error = try failure { _ = try WatchInput.headers(["@/nowhere/at.all"]) }
        #expect(error.kind == .invalidInput)
        #expect(error.message == "the file /nowhere/at.all cannot be read: No such file or directory")
    }
}
