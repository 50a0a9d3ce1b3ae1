// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetCore
import FreshetDocuments
import Testing

/// `freshet put`, `get` and `watch` of documents, as a person or a script runs them.
@Suite(.timeLimit(.minutes(2)))
struct DocumentCommandTests {
    private static func freshet(_ arguments: String...) async throws -> Program.Result {
        try await Program.freshet(arguments).result()
    }

    /// The same for each source: put, get, conflicts, a list, and a watch that ends after so many changes.
    private static func walk(_ root: String, key: String, other: String, list: String) async throws {
        let made = try await freshet("put", "\(root)\(key)", #"{"n":1}"#, "--create")
        #expect(made.status == 0)
        let version = try #require(made.errors.first.map { String($0.dropFirst("version: ".count)) })
        let again = try await freshet("put", "\(root)\(key)", "{}", "--create")
        #expect(again.status == 2)
        let got = try await freshet("get", "\(root)\(key)")
        #expect(got.output == [#"{"n":1}"#])
        #expect(got.errors == ["version: \(version)"])
        let updated = try await freshet("put", "\(root)\(key)", #"{"n":2}"#, "--if-version", version)
        #expect(updated.status == 0)
        let stale = try await freshet("put", "\(root)\(key)", #"{"n":3}"#, "--if-version", version)
        #expect(stale.status == 2)
        let missing = try await freshet("get", "\(root)\(other)")
        #expect(missing.status == 2)
        let all = try await freshet("get", "\(root)\(list)", "-o", "jsonl")
        #expect(all.output.count == 1)
        #expect(all.output.first?.contains(#""data":{"n":2}"#) == true)

        let watch = try Program.freshet(["watch", "\(root)\(list)", "-n", "3", "-o", "log"])
        _ = await watch.line { $0.contains("ADDED \(key)") }
        _ = try await freshet("put", "\(root)\(key)", #"{"n":3}"#)
        _ = await watch.line { $0.contains("MODIFIED \(key)") && $0.contains(".n 2→3") }
        _ = try await freshet("put", "\(root)\(other)", "plain text")
        let seen = await watch.result()
        #expect(seen.status == 0)
        #expect(seen.output.count == 3)
        #expect(seen.output.last?.contains(#"ADDED \#(other)"#) == true)
        #expect(seen.output.last?.hasSuffix(#""plain text""#) == true)
    }

    @Test("etcd")
    func etcd() async throws {
        guard let server = try await EtcdServer.start() else { return }
        try await Self.walk("etcd+\(server.url)/", key: "users/1", other: "users/2", list: "users/")
    }

    @Test("A bucket of NATS", .enabled(if: NATSServer.isInstalled))
    func nats() async throws {
        let server = try await NATSServer()
        defer { server.stop() }
        try await server.client().createBucket("users")
        try await Self.walk("nats+\(server.url)/users/", key: "a.1", other: "a.2", list: "a.>")
    }

    @Test("A bucket that is not there is told with the command that makes it", .enabled(if: NATSServer.isInstalled))
    func missingBucket() async throws {
        let server = try await NATSServer()
        defer { server.stop() }
        for command in ["watch", "get"] {
            let result = try await Self.freshet(command, "nats+\(server.url)/users/")
            #expect(result.status == 2)
            #expect(result.errors.last?.contains("nats kv add users") == true, "\(result.errors)")
        }
    }

    @Test("A value that is written comes from stdin, which may be a pipe")
    func pipedValue() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let url = "etcd+\(server.url)/piped/1"
        let line = #"echo '{"n":7}' | exec "$0" put "$1" -"#
        let put = try await Program("/bin/sh", ["-c", line, Program.freshetPath, url]).result()
        #expect(put.status == 0, "\(put.errors)")
        #expect(try await Self.freshet("get", url).output == [#"{"n":7}"#])
    }

    @Test("--on-gap fail ends at a gap with exit code 6; otherwise what the gap has made up for is printed")
    func gaps() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let documents = server.client().documents(Int.self, under: "g/")
        let first = try await documents.put("g/1", 1)
        let last = try await documents.put("g/1", 2)
        try await server.compact(at: last)
        let url = "etcd+\(server.url)/g/"
        let before = "\(try #require(Int(first)) - 1)"
        let failed = try await Self.freshet("watch", url, "--from", before, "--on-gap", "fail", "-o", "jsonl")
        #expect(failed.status == 6)
        #expect(failed.output.first?.contains(#""cause":"compacted""#) == true)
        let resynced = try await Self.freshet("watch", url, "--from", before, "-n", "1", "-o", "jsonl")
        #expect(resynced.status == 0)
        #expect(resynced.output.first?.contains(#""kind":"gap""#) == true)
        #expect(resynced.output.dropFirst().first?.contains(#""data":2"#) == true)
    }

    @Test("--no-initial leaves out what is there at the beginning, --no-deletes what is removed")
    func leftOut() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let documents = server.client().documents(Int.self, under: "i/")
        try await documents.put("i/old", 1)
        let watch = try Program.freshet([
            "watch", "etcd+\(server.url)/i/", "--no-initial", "--no-deletes", "-n", "1", "-o", "jsonl",
        ])
        _ = await watch.errorLine { $0.contains("state=live") }
        try await documents.delete("i/old")
        // The list may come after the first of them, and has them then.
        let writer = Task {
            for number in 0..<1000 where !Task.isCancelled { try await documents.put("i/new", number) }
        }
        let result = await watch.result()
        writer.cancel()
        #expect(result.status == 0)
        let data = result.output.filter { $0.contains(#""kind":"data""#) }
        #expect(data.count == 1)
        #expect(data.first?.contains(#""key":"i/new""#) == true)
    }
}
