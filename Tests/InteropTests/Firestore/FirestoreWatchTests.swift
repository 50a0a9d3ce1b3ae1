// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetCore
import FreshetFirebase
import FreshetSoakRunner
import Testing

/// Watches of Google's emulator.
@Suite(.serialized, .timeLimit(.minutes(4)))
struct FirestoreWatchTests {
    struct User: Codable, Sendable, Equatable {
        var name: String
    }

    private static func words(_ snapshot: FirestoreQuerySnapshot?) -> [String] {
        snapshot?.changes.map { "\($0.kind) \($0.document.id) \($0.oldIndex ?? -1) \($0.newIndex ?? -1)" } ?? []
    }

    @Test("A document: not there, made, changed, gone")
    func document() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let firestore = emulator.firestore()
        let ada = firestore.collection("users").document("ada")
        var states = ada.snapshots().makeAsyncIterator()
        #expect(try await states.next()?.document == nil)
        let made = try await ada.create(User(name: "Ada é漢😀"))
        let first = try #require(try await states.next()?.document)
        #expect(try first.decoded(as: User.self) == User(name: "Ada é漢😀"))
        #expect(first.updateTime == made.updateTime)
        try await ada.update(["name": "Ada L."])
        #expect(try await states.next()?.document?["name"] == "Ada L.")
        try await ada.delete()
        let last = try #require(try await states.next())
        #expect(last.document == nil)
        await firestore.close()
        let closed = await #expect(throws: FreshetError.self) { try await states.next() }
        #expect(closed?.kind == .clientClosed)
    }

    @Test("A query: what comes in, moves and goes out, also by a limit; the emulator's RESETs are not seen")
    func query() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let firestore = emulator.firestore()
        let users = firestore.collection("users")
        for (id, age) in [("a", 10), ("b", 20), ("c", 30), ("d", 40)] {
            try await users.document(id).set(["age": FirestoreValue.integer(Int64(age))])
        }
        var states = users.where("age", .greaterThan, 15).order(by: "age").limit(2).snapshots().makeAsyncIterator()
        #expect(Self.words(try await states.next()) == ["added b -1 0", "added c -1 1"])
        try await users.document("a").update(["age": 25])
        #expect(Self.words(try await states.next()) == ["removed c 1 -1", "added a -1 1"])
        try await users.document("a").update(["age": 18])
        #expect(Self.words(try await states.next()) == ["modified a 1 0"])
        // Outside of what is shown: nothing is told of it.
        try await users.document("d").update(["age": 50])
        try await users.document("b").delete()
        let last = try #require(try await states.next())
        #expect(Self.words(last) == ["removed b 1 -1", "added c -1 1"])
        #expect(last.documents.map(\.id) == ["a", "c"])
        var group = firestore.collectionGroup("users").order(by: "age", .descending).snapshots().makeAsyncIterator()
        #expect(try await group.next()?.documents.map(\.id) == ["d", "c", "a"])
        await firestore.close()
    }

    @Test("The rules decide for each watch alone, by the user's token")
    func rules() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let project = "p-\(UUID().uuidString.lowercased())"
        try await emulator.setRules(
            "match /notes/{id} { allow read, write: if request.auth.uid == id; }",
            project: project
        )
        let token = FirestoreEmulator.token(of: "ada", project: project)
        let firestore = emulator.firestore(project: project) { $0.credentials = { _ in .bearer(token) } }
        var ours = firestore.document("notes/ada").snapshots().makeAsyncIterator()
        #expect(try await ours.next()?.document == nil)
        var theirs = firestore.document("notes/eve").snapshots().makeAsyncIterator()
        let refused = await #expect(throws: FreshetError.self) { try await theirs.next() }
        #expect(refused?.kind == .forbidden)
        try await firestore.document("notes/ada").set(["x": 1])
        #expect(try await ours.next()?.document?["x"] == 1)
        await firestore.close()
    }

    @Test("In the words of all sources: the whole state, and then what changes")
    func collection() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let firestore = emulator.firestore()
        let users = firestore.collection("users").documents(as: User.self)
        try await users.put("bob", User(name: "Bob"))
        var events = users.watch().makeAsyncIterator()
        let first = try #require(try await events.next())
        guard case .snapshot(let snapshot) = first else { throw FreshetError(.decoding, "no snapshot first") }
        #expect(snapshot.documents.map(\.value.name) == ["Bob"])
        let version = try await users.create("ada", User(name: "Ada"))
        #expect(
            try await events.next()?.changes == [
                .added(Document(key: "ada", version: version, value: User(name: "Ada")))
            ]
        )
        let next = try await users.update("ada", User(name: "Ada L."), ifVersion: version)
        let changes = try await events.next()?.changes
        #expect(changes?.first?.version == next)
        #expect(changes?.first?.previous?.value.name == "Ada")
        try await users.delete("ada")
        #expect(try await events.next()?.changes.first?.document == nil)
        var later = users.watch(from: .now).makeAsyncIterator()
        let refused = await #expect(throws: FreshetError.self) { try await later.next() }
        #expect(refused?.kind == .invalidInput)
        await firestore.close()
    }

    @Test("A repository over a collection: made, changed in parts, watched alone")
    func repository() async throws {
        struct Guest: Codable, Sendable, Identifiable, Equatable {
            var id: String
            var name: String
            var visits: Int?
        }
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let firestore = emulator.firestore()
        let guests = Repository(firestore.collection("guests").documents(as: Guest.self))
        try await guests.create(Guest(id: "bob", name: "Bob"))
        try await guests.create(Guest(id: "ada", name: "Ada"))
        var feed = guests.watch("ada").makeAsyncIterator()
        #expect(try await feed.next()?.value?.name == "Ada")
        try await guests.update("bob", with: ["visits": 1])
        let read = try await guests.getVersioned("ada")
        #expect(try await guests.update("ada", with: ["visits": 2], ifVersion: read.version).visits == 2)
        #expect(try await feed.next()?.value == Guest(id: "ada", name: "Ada", visits: 2))
        let late = await #expect(throws: FreshetError.self) {
            try await guests.replace(read.value, ifVersion: read.version)
        }
        guard case .conflict? = late?.kind else { throw FreshetError(.decoding, "it was overwritten") }
        try await guests.delete("ada")
        let gone = await #expect(throws: FreshetError.self) { try await feed.next() }
        #expect(gone?.kind == .notFound)
        var names: [String] = []
        for try await guest in guests.list() { names.append(guest.name) }
        #expect(names == ["Bob"])
        await firestore.close()
    }

    @Test("freshet watches what the URL asks for")
    func command() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let project = "p-\(UUID().uuidString.lowercased())"
        let users = emulator.firestore(project: project).collection("users")
        try await users.document("ada").set(["age": 36])
        try await users.document("kid").set(["age": 6])
        let program = try Program(
            "/usr/bin/env",
            [
                "FIRESTORE_EMULATOR_HOST=\(emulator.host)", Program.freshetPath, "watch",
                "firestore://\(project)/users?where=age%3E=18&order=age", "-o", "jsonl", "-n", "3",
            ]
        )
        let first = await program.line { $0.contains(#""key":"ada""#) }
        #expect(first?.text.contains(#""age":36"#) == true)
        try await users.document("bob").set(["age": 40])
        _ = await program.line { $0.contains(#""key":"bob""#) }
        try await users.document("bob").delete()
        let result = await program.result()
        #expect(result.status == 0)
        let records = result.output.filter { $0.contains(#""key":"#) }
        #expect(records.count == 3)
        #expect(records.last?.contains(#""key":"bob""#) == true)
        let one = try await Program(
            "/usr/bin/env",
            [
                "FIRESTORE_EMULATOR_HOST=\(emulator.host)", Program.freshetPath, "watch",
                "firestore://\(project)/users/kid", "-o", "jsonl", "-n", "1",
            ]
        ).result()
        #expect(one.status == 0)
        #expect(one.output.first { $0.contains(#""key":"#) }?.contains(#""key":"kid""#) == true)
    }

    /// What Google's watch says of a snapshot.
    private struct Told: Decodable {
        var changes: [String]
        var documents: [String]
    }

    @Test("Beside Google's own watch: the same changes, and our places lead to its lists")
    func besideGoogle() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let python = try #require(
            ProcessInfo.processInfo.environment["FRESHET_PYTHON"],
            "FRESHET_PYTHON is not set, so nothing was compared: run `make test`, or scripts/python-env.sh"
        )
        let project = "p-\(UUID().uuidString.lowercased())"
        let firestore = emulator.firestore(project: project)
        let users = firestore.collection("users")
        let script = URL(filePath: #filePath).appending(path: "../../Servers/firestore_watch.py").standardizedFileURL
        let google = try Program(
            "/usr/bin/env",
            ["FIRESTORE_EMULATOR_HOST=\(emulator.host)", python, "-B", "-u", script.path, project]
        )
        defer { google.stop() }
        var states = users.where("n", .lessThan, 50).order(by: "n").snapshots().makeAsyncIterator()
        #expect(Self.words(try await states.next()).isEmpty)
        try #require(await google.line { $0.contains(#""documents": []"#) } != nil, "Google's watch did not begin")
        var line = 1
        var list: [String] = []
        for (id, number) in [
            ("a", 10), ("b", 5), ("c", 20), ("b", 15), ("a", 60), ("c", 1), ("d", 30), ("a", 2), ("d", 60), ("b", nil),
            ("c", 40), ("e", 40), ("a", nil), ("e", 41),
        ] {
            if let number {
                try await users.document(id).set(["n": FirestoreValue.integer(Int64(number))])
            } else {
                try await users.document(id).delete()
            }
            let ours = try #require(try await states.next())
            let found = try #require(await google.line(after: line) { _ in true })
            line = found.index + 1
            let theirs = try JSONDecoder().decode(Told.self, from: Data(found.text.utf8))
            #expect(ours.changes.map { "\($0.kind) \($0.document.id)" } == theirs.changes)
            #expect(ours.documents.map(\.id) == theirs.documents)
            for change in ours.changes {
                if let place = change.oldIndex { list.remove(at: place) }
                if let place = change.newIndex { list.insert(change.document.id, at: place) }
            }
            #expect(list == theirs.documents, "\(id) \(number ?? -1)")
        }
        await firestore.close()
    }

    /// A hundred watches come and go ten times, as fast as they can; by FRESHET_CHURN_SECONDS so many times, once a second.
    @Test("A thousand watches on one stream, and a hundred more again and again that are left at once")
    func churn() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let seconds = ProcessInfo.processInfo.environment["FRESHET_CHURN_SECONDS"].flatMap { Int($0) }
        var figures: [ProcessFigures] = []
        let firestore = emulator.firestore()
        let users = firestore.collection("users")
        let begun = Locked(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<1000 {
                group.addTask {
                    var isFirst = true
                    for try await snapshot in users.document("u\(index)").snapshots() {
                        if isFirst { begun.withLock { $0 += 1 } }
                        isFirst = false
                        if snapshot.document != nil { break }
                    }
                }
            }
            let start = ContinuousClock.now
            for round in 0..<(seconds ?? 10) {
                if seconds != nil { try await ContinuousClock().sleep(until: start + .seconds(round)) }
                ProcessFigures.trim()
                if let now = ProcessFigures.now() { figures.append(now) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in 0..<100 {
                        group.addTask {
                            var iterator = users.document("v\(index)").snapshots().makeAsyncIterator()
                            _ = try await iterator.next()
                        }
                    }
                    try await group.waitForAll()
                }
            }
            for start in stride(from: 0, to: 1000, by: 200) {
                var batch = FirestoreBatch()
                for index in start..<start + 200 { try batch.set(users.document("u\(index)"), ["n": 1]) }
                try await firestore.commit(batch)
            }
            try await group.waitForAll()
        }
        #expect(begun.withLock { $0 } == 1000)
        if seconds != nil, let first = figures.first, let half = figures.dropFirst(figures.count / 2).first,
            let last = figures.last
        {
            print("churn: \(first), then \(half), then \(last)")
            #expect(last.descriptors <= half.descriptors)
            #expect(last.resident - half.resident < 2 << 20)
        }
        var last: ConnectionHealth?
        for await health in firestore.health() {
            last = health
            break
        }
        #expect(last?.connects == 1)
        await firestore.close()
    }
}
