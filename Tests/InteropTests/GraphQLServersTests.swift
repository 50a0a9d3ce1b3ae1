// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The command line against Strawberry and Ariadne, which are not ours.
@Suite(.timeLimit(.minutes(2)))
struct GraphQLServersTests {
    @Test("Five values in order, then the end", arguments: ["strawberry", "ariadne"])
    func count(_ name: String) async throws {
        let (server, url) = try await Program.graphQLServer(name)
        let watch = try Program.freshet("watch", url, "-q", "subscription { count(to: 5) }", "-o", "jsonl")
        let result = await watch.result()
        #expect(result.status == 0)
        #expect(result.output.count == 6)
        for number in 1...5 {
            let line = try #require(result.output.count >= number ? result.output[number - 1] : nil)
            #expect(line.contains(#""kind":"data""#) && line.hasSuffix(#""data":{"count":\#(number)}}"#))
        }
        #expect(result.output.last?.contains(#""kind":"end""#) == true)
        #expect(result.output.last?.contains(#""code":0,"why":"completed","received":5"#) == true)
        server.stop()
        _ = await server.result()
    }

    @Test("A token arrives, in the parameters and in the header", arguments: ["strawberry", "ariadne"])
    func token(_ name: String) async throws {
        let (server, url) = try await Program.graphQLServer(name)
        let watch = try Program.freshet("watch", url, "-q", "subscription { whoami }", "--token", "abc", "-o", "raw")
        let result = await watch.result()
        #expect(result.output == [#"{"data":{"whoami":"Bearer abc"}}"#])
        #expect(result.status == 0)
        #expect(!result.errors.joined().contains("abc"))
        withExtendedLifetime(server) {}
    }

    @Test("Variables arrive with their types", arguments: ["strawberry", "ariadne"])
    func variables(_ name: String) async throws {
        let (server, url) = try await Program.graphQLServer(name)
        let query = "subscription C($to: Int!) { count(to: $to) }"
        let result = await (try Program.freshet("watch", url, "-q", query, "--var-json", "to=2", "-o", "raw")).result()
        #expect(result.output == [#"{"data":{"count":1}}"#, #"{"data":{"count":2}}"#])
        withExtendedLifetime(server) {}
    }

    @Test("A resolver that fails is shown beside the data, and the rest goes on", arguments: ["strawberry", "ariadne"])
    func resolverFails(_ name: String) async throws {
        let (server, url) = try await Program.graphQLServer(name)
        let watch = try Program.freshet("watch", url, "-q", "subscription { failing(after: 2) }", "-o", "jsonl")
        let result = await watch.result()
        #expect(result.status == 0)
        #expect(result.output.count == 4)
        #expect(
            result.output.dropFirst(2).first?.contains(#""data":null,"errors":[{"message":"the resolver failed"#)
                == true
        )
        withExtendedLifetime(server) {}
    }

    @Test(
        "A field the schema does not have is refused: exit code 2 and the server's words",
        arguments: ["strawberry", "ariadne"]
    )
    func unknownField(_ name: String) async throws {
        let (server, url) = try await Program.graphQLServer(name)
        let result = await (try Program.freshet("watch", url, "-q", "subscription { nope }")).result()
        #expect(result.status == 2)
        #expect(result.errors.last?.contains("Cannot query field 'nope' on type 'Subscription'") == true)
        withExtendedLifetime(server) {}
    }

    @Test(
        "A document with a syntax error is refused: Ariadne refuses the operation, Strawberry closes with 4400",
        arguments: [("strawberry", Int32(5)), ("ariadne", Int32(2))]
    )
    func syntaxError(_ name: String, _ status: Int32) async throws {
        let (server, url) = try await Program.graphQLServer(name)
        let result = await (try Program.freshet("watch", url, "-q", "subscription {")).result()
        #expect(result.status == status)
        #expect(result.errors.last?.contains("Syntax Error: Expected Name, found <EOF>.") == true)
        withExtendedLifetime(server) {}
    }

    @Test("Credentials that the server rejects: Strawberry says 4403")
    func rejected() async throws {
        let (server, url) = try await Program.graphQLServer("strawberry")
        // Strawberry refuses an upgrade from a page of another origin with 403.
        let watch = try Program.freshet(
            "watch",
            url,
            "-q",
            "subscription { whoami }",
            "-H",
            "Origin: http://evil.example"
        )
        let result = await watch.result()
        #expect(result.status == 4)
        #expect(result.errors.last?.contains("HTTP 403") == true)
        withExtendedLifetime(server) {}
    }

    @Test(
        "A server killed and started again: a gap, then data, and never two sockets",
        arguments: ["strawberry", "ariadne"]
    )
    func killed(_ name: String) async throws {
        let (first, url) = try await Program.graphQLServer(name)
        let port = try #require(url.split(separator: ":").last.flatMap { Int($0.prefix { $0.isNumber }) })
        let watch = try Program.freshet("watch", url, "-q", "subscription { ticks(every: 50) { n } }", "-o", "jsonl")
        let before = try #require(await watch.line { $0.contains(#""kind":"data""#) })
        first.stop()
        _ = await first.result()
        let (second, _) = try await Program.graphQLServer(name, port: port)
        let gap = try #require(await watch.line(after: before.index) { $0.contains(#""kind":"gap""#) })
        #expect(gap.text.contains(#""cause":"unknown""#))
        let after = try #require(await watch.line(after: gap.index) { $0.contains(#""kind":"data""#) })
        #expect(after.index == gap.index + 1)
        watch.signal(SIGINT)
        let result = await watch.result()
        #expect(result.status == 130)
        #expect(result.output.last?.contains(#""why":"signal""#) == true)
        #expect(await second.line { $0 == "close 0" } != nil)
        second.stop()
        for server in [first, second] {
            let sockets = await server.result().output.filter { $0.hasPrefix("open ") }
            #expect(!sockets.isEmpty && sockets.allSatisfy { $0 == "open 1" }, "the server saw \(sockets)")
        }
    }
}
