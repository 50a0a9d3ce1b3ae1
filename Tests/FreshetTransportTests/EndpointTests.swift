// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport
import Testing

struct EndpointTests {
    private func failure(_ text: String) throws -> FreshetError {
        try #require(
            #expect(throws: FreshetError.self) { try Endpoint(text) },
            "\(text) was taken"
        )
    }

    struct Sample: Sendable, CustomTestStringConvertible {
        let url: String
        let secure: Bool
        let host: String
        let port: Int
        let target: String
        let authority: String

        var testDescription: String { url }

        init(_ url: String, _ secure: Bool, _ host: String, _ port: Int, _ target: String, _ authority: String) {
            self.url = url
            self.secure = secure
            self.host = host
            self.port = port
            self.target = target
            self.authority = authority
        }
    }

    static let samples = [
        Sample("ws://example.com", false, "example.com", 80, "/", "example.com"),
        Sample("wss://example.com", true, "example.com", 443, "/", "example.com"),
        Sample("http://example.com/a", false, "example.com", 80, "/a", "example.com"),
        Sample("https://example.com/a/", true, "example.com", 443, "/a/", "example.com"),
        Sample("WSS://example.com/A", true, "example.com", 443, "/A", "example.com"),
        Sample("ws://example.com:80/", false, "example.com", 80, "/", "example.com"),
        Sample("wss://example.com:443/", true, "example.com", 443, "/", "example.com"),
        Sample("ws://example.com:443/", false, "example.com", 443, "/", "example.com:443"),
        Sample("wss://example.com:80/", true, "example.com", 80, "/", "example.com:80"),
        Sample("ws://127.0.0.1:65535/x", false, "127.0.0.1", 65535, "/x", "127.0.0.1:65535"),
        Sample("ws://h:1", false, "h", 1, "/", "h:1"),
        Sample("ws://[::1]/x", false, "::1", 80, "/x", "[::1]"),
        Sample("wss://[2001:db8::1]:8443/x", true, "2001:db8::1", 8443, "/x", "[2001:db8::1]:8443"),
        Sample("wss://h/p?token=a%20b&x=1", true, "h", 443, "/p?token=a%20b&x=1", "h"),
        Sample("wss://h?x=1", true, "h", 443, "/?x=1", "h"),
        Sample("wss://h/p?", true, "h", 443, "/p?", "h"),
        Sample("wss://h/p%2Fq#part", true, "h", 443, "/p%2Fq", "h"),
    ]

    @Test("A URL is taken apart", arguments: samples)
    func parts(_ sample: Sample) throws {
        let endpoint = try Endpoint(sample.url)
        #expect(endpoint.secure == sample.secure)
        #expect(endpoint.host == sample.host)
        #expect(endpoint.port == sample.port)
        #expect(endpoint.target == sample.target)
        #expect(endpoint.authority == sample.authority)
    }

    @Test(
        "What cannot be watched is refused, with a hint",
        arguments: [
            "", "example.com/graphql", "/graphql", "ftp://example.com", "file:///tmp/x", "mailto:a@example.com",
            "ws://", "ws:///graphql", "wss://:443/graphql", "ws:graphql", "ws://h:0/", "ws://h:65536/",
            "ws://h:99999999999/",
            "ws://h:x/", "ws://h:-1/", "ws://[::1/", "ws://a%0d%0ab/", "ws://a%20b/", "ws://a%00b/", "ws://[]/",
            "ws://[:/", "ws://[~:0]:81/", "ws://a%3Ab/?[",
        ]
    )
    func refused(_ text: String) throws {
        let error = try failure(text)
        #expect(error.kind == .invalidInput)
        #expect(error.hint != nil)
    }

    @Test("A host in other letters than ASCII's is refused with a hint, where Foundation does not write it as xn--")
    func otherLetters() throws {
        #expect(try failure("ws://%C3%BC/").hint?.contains("xn--") == true)
        #expect([nil, "xn--bcher-kva.de"].contains((try? Endpoint("ws://bücher.de"))?.host))
    }

    @Test("A host may have 127 bytes, which is what libwebsockets can check a certificate for")
    func longHost() throws {
        let label = String(repeating: "a", count: 31) + "."
        let longest = String(repeating: label, count: 3) + String(repeating: "a", count: 31)
        #expect(try Endpoint("wss://\(longest)/").host.utf8.count == 127)
        #expect(try failure("wss://\(longest)a/").kind == .invalidInput)
    }

    @Test(
        "Credentials in a URL are refused, and never repeated",
        arguments: [
            "wss://user:hunter2@example.com/", "wss://hunter2@example.com/", "ftp://user:hunter2@example.com/",
            "wss://user:hunter2@example.com:99999/", "wss://user:hunter2@", "wss://user:hunter2@exa mple.com:x/",
            "wss://user:hunter2@[::1/", "user:hunter2@example.com", "wss://a@b:hunter2@example.com:x/",
            "wss://user:hunter2?x@example.com/", "wss://user:hunter2#x@example.com/",
            "wss://user:hunter2/x@example.com/", "wss://user:hunter2@\u{301}h:x",
        ]
    )
    func credentials(_ text: String) throws {
        let error = try failure(text)
        #expect(error.kind == .invalidInput)
        #expect(!error.description.contains("hunter2"))
    }

    @Test(
        "A query may be a secret, and is never repeated",
        arguments: [
            "ws:///graphql?token=hunter2", "ws://h:0/?token=hunter2", "graphql?token=hunter2", "ws://h:x/#hunter2",
            "ws://h:x/?\u{301}token=hunter2", "ws://h:x/#\u{301}hunter2",
        ]
    )
    func query(_ text: String) throws {
        #expect(!(try failure(text)).description.contains("hunter2"))
    }

    @Test("A line break cannot get into the request")
    func lineBreak() throws {
        let endpoint = try Endpoint("ws://h/a\r\nX-Evil: 1?b=\r\nY: 2")
        #expect(endpoint.target == "/a%0D%0AX-Evil:%201?b=%0D%0AY:%202")
        #expect(endpoint.authority == "h")
    }
}
