// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport
import Testing

struct HTTPHeaderTests {
    private func failure(_ header: HTTPHeader) throws -> FreshetError {
        try #require(#expect(throws: FreshetError.self) { try header.check() })
    }

    @Test(
        "What HTTP allows is let through",
        arguments: [
            HTTPHeader("Authorization", "Bearer abc.def"), HTTPHeader("X-A_b!#$%&'*+.^`|~9", "1"),
            HTTPHeader("X-Empty", ""), HTTPHeader("X-Tab", "a\tb"), HTTPHeader("X-Name", "Grüße"),
            HTTPHeader("Cookie", #"a="b"; c=d"#), HTTPHeader("Origin", "https://example.com"),
        ]
    )
    func good(_ header: HTTPHeader) throws {
        #expect(throws: Never.self) { try header.check() }
    }

    @Test(
        "A name that is not a token is refused",
        arguments: ["", " ", "A B", "A:", "A\r\nB", "A\nB", "A\t", "A\0", "Ä", "A(", "A@B", "A[", "{A}", "A\u{7F}"]
    )
    func badName(_ name: String) throws {
        let error = try failure(HTTPHeader(name, "hunter2"))
        #expect(error.kind == .invalidInput)
        #expect(!error.description.contains("hunter2"))
    }

    @Test(
        "A value with a line break or control character is refused, and never repeated",
        arguments: [
            "hunter2\r\nX-Evil: 1", "hunter2\nX-Evil: 1", "hunter2\rX", "hunter2\0", "\u{1B}hunter2", "hunter2\u{7F}",
        ]
    )
    func badValue(_ value: String) throws {
        let error = try failure(HTTPHeader("Authorization", value))
        #expect(error.kind == .invalidInput)
        #expect(error.message.contains("Authorization"))
        #expect(!error.description.contains("hunter2"))
    }

    @Test(
        "What the handshake sets itself is refused, in any case",
        arguments: [
            "Host", "upgrade", "CONNECTION", "Sec-WebSocket-Key", "sec-websocket-version", "Sec-WebSocket-Protocol",
            "Sec-WebSocket-Extensions",
        ]
    )
    func ours(_ name: String) throws {
        #expect(try failure(HTTPHeader(name, "x")).kind == .invalidInput)
    }

    @Test(
        "What would announce a body is refused: frames would be taken for it",
        arguments: ["Content-Length", "Transfer-Encoding"]
    )
    func body(_ name: String) throws {
        #expect(try failure(HTTPHeader(name, "5")).kind == .invalidInput)
    }

    @Test("A value is in no description")
    func description() {
        let header = HTTPHeader("Authorization", "hunter2")
        #expect("\(header)" == "Authorization: …")
        #expect(!String(reflecting: header).contains("hunter2"))
        #expect(!"\([header])".contains("hunter2"))
    }
}
