// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetSoak
import FreshetTestSupport
import Testing

/// `freshet soak` as its users run it.
@Suite(.timeLimit(.minutes(5)))
struct SoakCommandTests {
    private static let query = "subscription ($after: Int) { events(after: $after) { n } }"

    private static func folder() -> URL {
        FileManager.default.temporaryDirectory.appending(path: "freshet-soak-\(UUID().uuidString)")
    }

    @Test("Somebody's own server: Strawberry, through cuts, a blackhole and refused upgrades")
    func target() async throws {
        let (server, url) = try await Program.graphQLServer("strawberry")
        let folder = Self.folder()
        defer {
            server.stop()
            try? FileManager.default.removeItem(at: folder)
        }
        let result = try await Program.freshet(
            "soak",
            "--target",
            url,
            "--i-own-this",
            "-q",
            Self.query,
            "--cursor",
            "after=events.n",
            "--number",
            "events.n",
            "--faults",
            "tcp.rst,tcp.blackhole(both),http.503,net.slice",
            "--in-order",
            "--clients",
            "4",
            "--for",
            "10s",
            "--report",
            folder.path,
            "--require",
            "lost==0",
            "--require",
            "duplicates==0",
            "--require",
            "faults==4"
        ).result()
        #expect(result.status == 0, "\(result.output) \(result.errors)")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let expected = [
            "herd.svg", "history.jsonl", "index.html", "junit.xml", "recovery.svg", "report.json", "resources.svg",
            "summary.md", "timeline.svg",
        ]
        #expect(files.sorted() == expected)
    }

    @Test("Firestore and the Realtime Database, through cuts, restarts, doubled messages, and tokens that end")
    func firebase() async throws {
        let result = try await Self.firebase(
            "--faults",
            "tcp.rst,srv.dup,srv.skip,auth.expire-live,http.503,fs.token-expired,fs.filter-mismatch",
            "--in-order",
            "--require",
            "lost==0",
            "--require",
            "duplicates==0",
            "--require",
            "faults==7"
        )
        #expect(result.status == 0, "\(result.output) \(result.errors)")
    }

    @Test(
        "What a client of theirs does not hand out is found, and what it hands out twice",
        arguments: [
            ("droppedElement", "reliable"), ("doubledElement", "unique"),
        ]
    )
    func firebasePlanted(_ fault: String, _ invariant: String) async throws {
        let result = try await Self.firebase("--faults", "none", "--for", "6s", "--no-shrink", "--plant", fault)
        #expect(result.status == 99, "\(result.output) \(result.errors)")
        #expect(result.output.contains { $0.contains(invariant) }, "\(result.output)")
    }

    private static func firebase(_ more: String...) async throws -> Program.Result {
        let text = "soak --local firestore,rtdb --clients 8 --seed 7"
        return try await Program.freshet(text.split(separator: " ").map(String.init) + more).result()
    }

    @Test("A server that is not there is told, with what to look at")
    func nobody() async throws {
        let port = try Middle.freePort()
        let result = try await Program.freshet(
            "soak",
            "--target",
            "ws://127.0.0.1:\(port)/graphql",
            "--i-own-this",
            "-q",
            Self.query,
            "--number",
            "events.n",
            "--clients",
            "1"
        ).result()
        #expect(result.status == 3)
        #expect(result.errors.last?.contains("is the server up") == true, "\(result.errors)")
    }

    @Test(
        "A server of the run's own that somebody ends ends the run, and it says so",
        .enabled(if: FileManager.default.fileExists(atPath: "/proc/self/stat"), "the children are looked for in /proc")
    )
    func killed() async throws {
        let line = "soak --local etcd --clients 2 --faults net.slice --for 100s"
        let run = try Program.freshet(line.split(separator: " ").map(String.init))
        #expect(await run.errorLine { $0.contains("net.slice: back") } != nil)
        kill(try #require(run.children(named: "etcd").first), SIGKILL)
        let result = await run.result()
        #expect(result.status == 3)
        #expect(result.errors.last?.contains("etcd has ended by signal 9") == true, "\(result.errors)")
    }

    @Test("A result without a number ends it, and says where the number was looked for")
    func numberless() async throws {
        let (server, url) = try await Program.graphQLServer("strawberry")
        defer { server.stop() }
        let result = try await Program.freshet(
            "soak",
            "--target",
            url,
            "--i-own-this",
            "-q",
            Self.query,
            "--number",
            "events.id",
            "--clients",
            "1",
            "--for",
            "2s",
            "--faults",
            "none"
        ).result()
        #expect(result.status == 3)
        #expect(result.errors.last?.contains("a result has no number at") == true, "\(result.errors)")
    }

    @Test("A subscription that the server refuses ends it at once, with what the server said")
    func refused() async throws {
        let server = try await EmbeddedServer()
        let line = "soak --target \(await server.url) --i-own-this --number nope --clients 2"
        let arguments = line.split(separator: " ").map(String.init) + ["-q", "subscription { nope }"]
        let result = try await Program.freshet(arguments).result()
        #expect(result.status == 3)
        #expect(result.errors.last?.contains("had nothing, and never will: ") == true, "\(result.errors)")
        #expect(result.errors.last?.contains("Cannot query field 'nope'") == true, "\(result.errors)")
        await server.shutdown()
    }

    @Test("SIGINT while clients wait for something ends it, and says that they had nothing")
    func interruptedEarly() async throws {
        let (connections, connection) = AsyncStream<Void>.makeStream()
        let server = try await EmbeddedServer { _ in connection.yield() }
        let line = "soak --target \(await server.url) --i-own-this --number events.n --clients 2"
        let query = "subscription { events(after: 1000000000) { n } }"
        let program = try Program.freshet(line.split(separator: " ").map(String.init) + ["-q", query])
        for await _ in connections { break }
        program.signal(SIGINT)
        let result = await program.result()
        #expect(result.status == 130, "\(result.errors)")
        #expect(result.errors.last?.contains("had nothing until the run was ended") == true, "\(result.errors)")
        await server.shutdown()
    }

    @Test(
        "What cannot be is refused, with what to do",
        arguments: [
            ["--local", "graphql", "--sim"], ["--target", "ws://localhost/", "-q", "subscription { x }"],
            ["--local", "mysql"],
            ["--local", "graphql", "--faults", "tcp.reset"], ["--local", "graphql", "--faults", "sys.ip-change"],
            ["--local", "graphql", "--require", "lots==0"], ["--local", "graphql", "--clients", "0"],
            ["--target", "ws://localhost/", "--i-own-this"],
            ["--target", "ws://localhost/", "--i-own-this", "-q", "subscription { x { n } }"], [],
            ["--sim", "--seeds", "0"], ["--local", "graphql", "--report", "/dev/null"],
        ]
    )
    func usage(_ arguments: [String]) async throws {
        let result = try await Program.freshet(["soak"] + arguments).result()
        #expect(result.status == 64, "\(arguments): \(result.errors)")
        #expect(!result.errors.isEmpty && result.output.isEmpty)
        #expect(!result.errors.joined().contains("CocoaError"))
    }

    @Test("Every fault is listed with what it does, and what cannot be done here with the reason")
    func list() async throws {
        let result = try await Program.freshet("soak", "--list-faults").result()
        #expect(result.status == 0)
        #expect(result.output.count == FaultCatalogue.all.count)
        for (line, fault) in zip(result.output, FaultCatalogue.all) {
            #expect(line.hasPrefix(fault.id + " ") && line.contains(fault.does))
            #expect(fault.whyNot.map { line.contains($0) } ?? true)
        }
    }

    @Test("Seeds are simulated, and a history that is cut off is not believed")
    func simAndVerify() async throws {
        let sim = try await Program.freshet("soak", "--sim", "--seeds", "30", "--seed", "5").result()
        #expect(sim.status == 0 && sim.output.last?.hasPrefix("PASS 30 seeds") == true, "\(sim.output)")
        let folder = Self.folder()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let missing = try await Program.freshet("soak", "verify", folder.path).result()
        #expect(missing.status == 64 && missing.errors.last?.contains("history.jsonl") == true)
        try Data().write(to: folder.appending(path: "history.jsonl"))
        let empty = try await Program.freshet("soak", "verify", folder.path, "--dry-run").result()
        #expect(empty.status == 99 && !empty.output.isEmpty)
        #expect(!empty.output.joined().contains("(lines"), "\(empty.output)")
        let line = HistoryLine(us: 0, .run(facts: RunFacts(seed: 1, mode: "local", began: "")))
        try (line.json() + Data("\n".utf8)).write(to: folder.appending(path: "history.jsonl"))
        let cut = try await Program.freshet("soak", "verify", folder.path, "--dry-run").result()
        #expect(cut.status == 99 && cut.output.contains { $0.contains("sound-history") }, "\(cut.output)")
    }

    @Test("SIGINT ends a run early, in good order, with its report")
    func interrupted() async throws {
        let folder = Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = try Program.freshet(
            "soak",
            "--local",
            "graphql",
            "--faults",
            "tcp.rst",
            "--clients",
            "2",
            "--for",
            "10m",
            "--report",
            folder.path
        )
        _ = await program.errorLine { $0.contains("tcp.rst: back") }
        program.signal(SIGINT)
        let result = await program.result()
        #expect(result.status == 130, "\(result.output) \(result.errors)")
        #expect(result.output.last?.hasPrefix("PASS") == true)
        #expect(FileManager.default.fileExists(atPath: folder.appending(path: "report.json").path))
    }
}
