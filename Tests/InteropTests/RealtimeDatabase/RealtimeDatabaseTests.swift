// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetCore
import FreshetFirebase
import FreshetTestSupport
import Testing

/// The stand-in for the Realtime Database under Google's own client, and the command line against the stand-in.
///
/// There is no official emulator here, and nothing was run against Google's servers: over WebSockets the stand-in is checked by nobody
/// but us.
@Suite(.timeLimit(.minutes(2)))
struct RealtimeDatabaseTests {
    @Test("firebase-admin reads, writes, queries and listens at the stand-in")
    func firebaseAdmin() async throws {
        print(
            "SKIPPED: the official emulator of the Realtime Database is not to be had; its stand-in is checked by firebase-admin"
        )
        let server = try RealtimeDatabaseServer()
        let check = try Self.check(server)
        let result = await check.result()
        #expect(result.status == 0, "\(result.output + result.errors.suffix(5))")
        #expect(result.output.last?.hasSuffix(" passed, 0 failed") == true)
        server.stop()
    }

    private static func check(_ server: RealtimeDatabaseServer) throws -> Program {
        let python = try #require(
            ProcessInfo.processInfo.environment["FRESHET_PYTHON"],
            "FRESHET_PYTHON is not set, so firebase-admin has checked nothing: run `make test`, or scripts/python-env.sh"
        )
        server.denyReading("denied")
        server.denyWriting("denied")
        let servers = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try Program(python, [servers.appending(path: "Servers/check_realtime_database.py").path, server.url])
    }

    @Test("What firebase-admin has written is what our client reads and watches, and the other way around")
    func bothClients() async throws {
        let server = try RealtimeDatabaseServer()
        let database = RealtimeDatabase(url: server.url)
        try await database.reference("ours").set(["n": 1.5])
        var feed = database.reference("watched").observe(as: JSONValue.self).makeAsyncIterator()
        #expect(try await feed.next() == .snapshot(nil))
        let check = try Self.check(server)
        var states: [JSONValue] = []
        // It takes away what it has made there.
        while case let state?? = try await feed.next()?.value { states.append(state) }
        #expect(states == [["a": 1], ["a": 1, "b": ["c": "é漢😀"]], ["b": ["c": "é漢😀"], "d": 2], ["d": 2]])
        let result = await check.result()
        #expect(result.status == 0)
        #expect(result.output.first == #"ours {"n": 1.5}"#)
        #expect(try await database.reference("numbers").get(as: [String: Int].self) == ["x": 2, "y": 1, "z": 3])
        await database.close()
        server.stop()
    }

    @Test("put, get and watch of a place and its children", arguments: [false, true])
    func commandLine(overHTTP: Bool) async throws {
        let server = try RealtimeDatabaseServer()
        if overHTTP { server.faults.refusesWebSocket = 404 }
        let root = "rtdb+ws://\(server.authority)/"
        let made = try await Program.freshet(["put", "\(root)users/1?ns=test", #"{"n":1}"#, "--create"]).result()
        #expect(made.status == 0)
        let version = try #require(made.errors.first.map { String($0.dropFirst("version: ".count)) })
        #expect(try await Program.freshet(["put", "\(root)users/1", "7", "--create"]).result().status == 2)
        let got = try await Program.freshet(["get", "\(root)users/1"]).result()
        #expect(got.output == [#"{"n":1}"#])
        #expect(got.errors == ["version: \(version)"])
        let updated = try await Program.freshet(["put", "\(root)users/1", #"{"n":2}"#, "--if-version", version])
            .result()
        #expect(updated.status == 0)
        let stale = try await Program.freshet(["put", "\(root)users/1", #"{"n":3}"#, "--if-version", version]).result()
        #expect(stale.status == 2)
        #expect(try await Program.freshet(["get", "\(root)users/2"]).result().status == 2)
        let text = try await Program.freshet(["put", "\(root)users/2", "plain text"]).result()
        #expect(text.status == 64)
        let all = try await Program.freshet(["get", "\(root)users/", "-o", "jsonl"]).result()
        #expect(all.output.count == 1)
        #expect(all.output.first?.contains(#""key":"1""#) == true)
        #expect(all.output.first?.contains(#""data":{"n":2}"#) == true)

        let watch = try Program.freshet(["watch", "\(root)users", "-n", "3", "-o", "log"])
        _ = await watch.line { $0.contains("ADDED 1") }
        server.set(3, at: "users/1/n")
        _ = await watch.line { $0.contains("MODIFIED 1") && $0.contains(".n 2→3") }
        server.set(nil, at: "users/1")
        let seen = await watch.result()
        #expect(seen.status == 0)
        #expect(seen.output.last?.contains("REMOVED 1") == true)

        server.set(["a": 3, "b": 1, "c": 2], at: "q")
        let query = try await Program.freshet(["get", "\(root)q?orderBy=$value&limitToFirst=2", "-o", "jsonl"]).result()
        #expect(query.output.count == 2)
        #expect(query.output.first?.contains(#""key":"b""#) == true)
        #expect(try await Program.freshet(["get", "\(root)q?page=2"]).result().status == 64)
        let file = ["watch", "\(root)q", "--state-file", "/tmp/never-made"]
        #expect(try await Program.freshet(file).result().status == 64)
        server.stop()
    }
}
