// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

@testable import FreshetHTTP

@Suite struct HTTPTargetTests {
    private static func url(_ base: String, _ reference: String, _ query: HTTPQuery = [:]) throws -> String {
        let target = try HTTPTarget(base).appending(reference, query: query)
        return "\(target.scheme)://\(target.authority)\(target.path)"
    }

    @Test(
        "A path goes below the base URL, whatever slashes are between",
        arguments: [
            ("http://h", "items", "http://h/items"),
            ("http://h/", "/items", "http://h/items"),
            ("http://h/v1", "items/", "http://h/v1/items/"),
            ("http://h/v1/", "//items", "http://h/v1/items"),
            ("http://h/v1", "", "http://h/v1"),
            ("http://h/v1", "?a=1", "http://h/v1?a=1"),
            ("HTTPS://API.Example.com/V1", "x", "https://api.example.com/V1/x"),
            ("http://h:8080/v1#part", "x#part", "http://h:8080/v1/x"),
            ("http://[::1]:80/", "x", "http://[::1]:80/x"),
            // The base's own query goes along.
            ("http://h/v1?key=k", "items", "http://h/v1/items?key=k"),
            ("http://h/v1?key=a?b", "items?n=1", "http://h/v1/items?n=1&key=a?b"),
            ("http://h/v1?key=k", "?n=1", "http://h/v1?key=k&n=1"),
        ]
    )
    func below(_ base: String, _ reference: String, _ expected: String) throws {
        #expect(try Self.url(base, reference) == expected)
    }

    @Test(
        "What cannot stand in a path is encoded, what is encoded stays",
        arguments: [
            ("a b", "/a%20b"), ("ä/ö", "/%C3%A4/%C3%B6"), ("a%20b", "/a%20b"), ("100%", "/100%25"),
            ("50%2", "/50%252"), ("a|b\\c\"", "/a%7Cb%5Cc%22"), ("[x]{y}", "/%5Bx%5D%7By%7D"), ("../x", "/../x"),
        ]
    )
    func encoding(_ reference: String, _ expected: String) throws {
        #expect(try HTTPTarget("http://h").appending(reference, query: [:]).path == expected)
    }

    @Test("A query is encoded whole, in its order, and without what is nil")
    func query() throws {
        let url = try Self.url("http://h/v1?k=1", "x?y=2", ["a b": "c&d=e+f", "n": 5, "none": nil, "yes": true])
        #expect(url == "http://h/v1/x?y=2&k=1&a%20b=c%26d%3De%2Bf&n=5&yes=true")
        var twice: HTTPQuery = ["tag": "a"]
        twice.append("tag", "b")
        #expect(try Self.url("http://h", "", twice) == "http://h/?tag=a&tag=b")
    }

    @Test("An absolute URL counts instead of the base; one that stands in a query does not")
    func absolute() throws {
        #expect(try Self.url("http://h/v1", "https://other/x y?a=b c") == "https://other/x%20y?a=b%20c")
        #expect(try Self.url("http://h/v1", "go?to=http://other/") == "http://h/v1/go?to=http://other/")
        #expect(try Self.url("http://h/v1", "a/http://other/") == "http://h/v1/a/http://other/")
        #expect(try Self.url("http://h/v1", "urn:isbn:1") == "http://h/v1/urn:isbn:1")
    }

    @Test("A Unix domain socket has a path, and the request another")
    func unixSocket() throws {
        let base = try HTTPTarget("http+unix:/run/app.sock:/v1")
        #expect(base.authority == "/run/app.sock")
        #expect(try base.appending("items", query: ["n": 1]).path == "/v1/items?n=1")
        #expect(try HTTPTarget("http+unix:///run/app.sock").path == "/")
        for wrong in ["http+unix:", "http+unix:/run/app.sock:v1", "http+unix:/\(String(repeating: "x", count: 104))"] {
            let error = #expect(throws: FreshetError.self) { try HTTPTarget(wrong) }
            #expect(error?.kind == .invalidInput)
        }
    }

    @Test(
        "What is no URL of HTTP's is refused in words that tell no secret",
        arguments: [
            "", "api.example.com", "ftp://h/", "http://", "http:///path", "http://user:hunter2@h/", "https://hunter2@h",
            "http://evil.test%2F@h/", "http://evil.test%2Fx.h/?hunter2",
            "hunter2@\u{301}x y:z",
        ]
    )
    func notURLs(_ text: String) throws {
        let error = #expect(throws: FreshetError.self) { try HTTPTarget(text) }
        #expect(error?.kind == .invalidInput)
        #expect(error?.description.contains("hunter2") == false, "\(error?.description ?? "")")
        #expect(error?.hint != nil)
    }

    @Test("Control characters break out of nothing", arguments: ["a\r\nHost: evil", "a\u{7F}", "a\u{0}b", "a\tb"])
    func controlCharacters(_ reference: String) throws {
        let error = #expect(throws: FreshetError.self) { try HTTPTarget("http://h").appending(reference, query: [:]) }
        #expect(error?.kind == .invalidInput)
        let query = try HTTPTarget("http://h").appending("x", query: ["q": reference])
        #expect(query.path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        // In an absolute URL they are refused or encoded.
        if let target = try? HTTPTarget("http://h/\(reference)") {
            #expect(target.path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        }
    }

    @Test("A base URL that cannot be is what every call throws")
    func everyCall() async throws {
        for base in ["nonsense", "http://user:secret@h/", "http://h:70000/"] {
            let error = await #expect(throws: FreshetError.self) {
                _ = try await HTTPClient(baseURL: base).get("x", as: Int.self)
            }
            #expect(error?.kind == .invalidInput)
            #expect(error?.description.contains("secret") == false)
        }
        let error = await #expect(throws: FreshetError.self) { _ = try await HTTPClient().get("x", as: Int.self) }
        #expect(error?.kind == .invalidInput)
    }

    @Test("Origins are compared with their ports, written or not")
    func origins() throws {
        #expect(try HTTPTarget("http://H/a").origin == HTTPTarget("http://h:80/b").origin)
        #expect(try HTTPTarget("https://h").origin == HTTPTarget("https://h:443").origin)
        #expect(try HTTPTarget("https://h").origin != HTTPTarget("http://h:443").origin)
        #expect(try HTTPTarget("http://[::1]").origin == HTTPTarget("http://[::1]:80").origin)
        #expect(try HTTPTarget("http://[::1]").origin != HTTPTarget("http://[::1]:81").origin)
    }
}
