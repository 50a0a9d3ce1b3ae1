// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetCore
import FreshetDocuments
import FreshetTestSupport
import Testing

/// `freshet watch --state-file`, killed at moments that nobody chose well.
@Suite(.timeLimit(.minutes(5)))
struct StateFileTests {
    private struct Record: Decodable, Equatable {
        let kind: String
        let key: String?
        let version: String?
        let data: Int?
    }

    private struct Writes: Sendable {
        var log: [Record] = []
        var mayStop = false
    }

    /// Writes numbers to five keys until it may stop; what it has written, by version.
    private static func write(_ documents: EtcdDocuments<Int>, _ writes: Locked<Writes>) async throws {
        var number = 0
        while !writes.withLock({ $0.mayStop }) {
            number += 1
            let key = "state/\(number % 5)"
            let version = try await documents.put(key, number)
            writes.withLock { [number] in
                $0.log.append(Record(kind: "data", key: key, version: version, data: number))
            }
        }
    }

    @Test("Killed with SIGKILL at 50 random moments and started again, its output has every change, and none twice")
    func killed() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let folder = FileManager.default.temporaryDirectory.appending(path: "freshet-state-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let output = folder.appending(path: "out.jsonl")
        let watch = "exec \"$0\" watch etcd+\(server.url)/state/ --state-file '\(folder.path)/state' -o jsonl"

        func start(_ options: String = "") throws -> Program {
            try Program("/bin/sh", ["-c", "\(watch) \(options) >>'\(output.path)'", Program.freshetPath])
        }
        // The first one ends by itself, so that all later ones have a position to go on from.
        let documents = server.client().documents(Int.self, under: "state/")
        let version = try await documents.put("state/0", 0)
        #expect(await (try start("-n 1 --timeout 30s")).exitStatus() == 0)
        let writes = Locked(Writes(log: [Record(kind: "data", key: "state/0", version: version, data: 0)]))
        let writer = Task { try await Self.write(documents, writes) }
        var random = SeededRandom(6)
        var watcher = try start()
        for _ in 0..<50 {
            // Not to wait for something: the moment is to be any.
            try await Task.sleep(for: .milliseconds(Int.random(in: 1...120, using: &random)))
            watcher.stop()
            _ = await watcher.exitStatus()
            watcher = try start()
        }
        writes.withLock { $0.mayStop = true }
        try await writer.value
        watcher.stop()
        _ = await watcher.exitStatus()
        let written = writes.withLock { $0.log }

        let missing = written.count - (try Self.records(output).count)
        if missing > 0 {
            let last = try start("-n \(missing) --timeout 30s")
            #expect(await last.exitStatus() == 0)
        }
        let seen = try Self.records(output)
        #expect(seen.map(\.version) == written.map(\.version))
        #expect(seen == written)
        #expect(written.count > 50)
        print("state file: \(written.count) changes through 50 times SIGKILL, all there, none twice")
    }

    @Test("Runs that have enough within the first state go on in it: each document once, then what has changed since")
    func withinState() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let folder = FileManager.default.temporaryDirectory.appending(path: "freshet-state-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let output = folder.appending(path: "out.jsonl")
        let documents = server.client().documents(Int.self, under: "within/")
        for number in 1...5 { try await documents.put("within/\(number)", number) }
        let watch = "exec \"$0\" watch etcd+\(server.url)/within/ --state-file '\(folder.path)/state' -o jsonl"
        let line = "\(watch) -n 2 --timeout 30s >>'\(output.path)'"
        for run in 1...3 {
            #expect(await (try Program("/bin/sh", ["-c", line, Program.freshetPath])).exitStatus() == 0)
            if run == 1 { try await documents.put("within/5", 50) }
        }
        let seen = try Self.records(output).map { "\($0.key ?? "") \($0.data ?? 0)" }
        #expect(seen == ["within/1 1", "within/2 2", "within/3 3", "within/4 4", "within/5 5", "within/5 50"])
    }

    private static func records(_ output: URL) throws -> [Record] {
        let text = String(decoding: try Data(contentsOf: output), as: UTF8.self)
        return try text.split(separator: "\n")
            .map { try JSONDecoder().decode(Record.self, from: Data($0.utf8)) }
            .filter { $0.kind != "end" }
    }

    @Test("A state file of another watch, and one that is none, are refused")
    func wrongFile() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "freshet-state-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let other = folder.appending(path: "other").path
        try Data(#"{"v":1,"source":"etcd+http://elsewhere/","position":7}"#.utf8).write(to: URL(filePath: other))
        let none = folder.appending(path: "none").path
        try Data("hello".utf8).write(to: URL(filePath: none))
        for (file, words) in [(other, "belongs to etcd+http://elsewhere/"), (none, "is not a state file")] {
            let result = try await Program.freshet("watch", "etcd+http://127.0.0.1:1/x/", "--state-file", file).result()
            #expect(result.status == 64)
            #expect(result.errors.contains { $0.contains(words) })
        }
        let begin = "@\(folder.path)/missing"
        let missing = try await Program.freshet("watch", "etcd+http://127.0.0.1:1/x/", "--from", begin).result()
        #expect(missing.status == 64)
        #expect(missing.errors.last?.contains("there is no state file \(folder.path)/missing") == true)
    }
}
