// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetCore
import FreshetFirebase
import Testing

/// `freshet get` and `put` with a Firestore, and its documents in the words that all sources have.
@Suite(.timeLimit(.minutes(2)))
struct FirestoreCommandTests {
    struct User: Codable, Sendable, Equatable {
        var name: String
    }

    @Test("put, get, conflicts, and lists that are asked for by the URL")
    func commands() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        func freshet(_ arguments: String...) async throws -> Program.Result {
            let environment = "FIRESTORE_EMULATOR_HOST=\(emulator.host)"
            return try await Program("/usr/bin/env", [environment, Program.freshetPath] + arguments).result()
        }
        let root = "firestore://p-\(UUID().uuidString.lowercased())/users"
        let made = try await freshet(
            "put",
            "\(root)/ada",
            #"{"age":36,"t":{"timestampValue":"2024-01-02T03:04:05Z"}}"#,
            "--create"
        )
        #expect(made.status == 0)
        let version = try #require(made.errors.first.map { String($0.dropFirst("version: ".count)) })
        #expect(try await freshet("put", "\(root)/ada", "{}", "--create").status == 2)
        let got = try await freshet("get", "\(root)/ada")
        #expect(got.output == [#"{"age":36,"t":{"timestampValue":"2024-01-02T03:04:05Z"}}"#])
        #expect(got.errors == ["version: \(version)"])
        #expect(try await freshet("put", "\(root)/ada", #"{"age":37}"#, "--if-version", version).status == 0)
        #expect(try await freshet("put", "\(root)/ada", #"{"age":38}"#, "--if-version", version).status == 2)
        #expect(try await freshet("get", "\(root)/nobody").status == 2)
        for (id, age) in [("bob", 10), ("cid", 20), ("dan", 30)] {
            #expect(try await freshet("put", "\(root)/\(id)", #"{"age":\#(age)}"#).status == 0)
        }
        let list = try await freshet("get", "\(root)?where=age%3E=20&order=age:desc&limit=2", "-o", "jsonl")
        #expect(list.output.count == 2)
        #expect(list.output.first?.contains(#""key":"ada""#) == true)
        #expect(list.output.first?.hasSuffix(#""data":{"age":37}}"#) == true)
        #expect(list.output.last?.contains(#""key":"dan""#) == true)
        #expect(try await freshet("get", root, "-o", "jsonl").output.count == 4)
        for bad in [
            "\(root)?where=age", "\(root)?limit=many", "\(root)/ada?limit=1", "firestore:///users", "firestore://p",
        ] {
            #expect(try await freshet("get", bad).status == 64, "\(bad)")
        }
        #expect(try await freshet("put", "\(root)/ada", "[1]").status == 64)
    }

    @Test("The words of all sources: made, read, listed, replaced on condition, deleted")
    func documents() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let users = emulator.firestore().collection("a/b/users").documents(as: User.self)
        let first = try await users.create("ada", User(name: "Ada"))
        #expect(try await users.get("ada") == Document(key: "ada", version: first, value: User(name: "Ada")))
        let taken = await #expect(throws: FreshetError.self) { try await users.create("ada", User(name: "Eve")) }
        #expect(taken?.kind == .conflict(version: nil))
        let second = try await users.update("ada", User(name: "Ada L."), ifVersion: first)
        let stale = await #expect(throws: FreshetError.self) {
            try await users.update("ada", User(name: "Eve"), ifVersion: first)
        }
        #expect(stale?.kind == .conflict(version: nil))
        let third = try await users.put("bob", User(name: "Bob"))
        let list = try await users.list()
        #expect(list.documents.map(\.key) == ["ada", "bob"])
        #expect(list.documents.map(\.version) == [second, third])
        #expect(list.documents.map(\.value.name) == ["Ada L.", "Bob"])
        let staleDelete = await #expect(throws: FreshetError.self) { try await users.delete("ada", ifVersion: first) }
        #expect(staleDelete?.kind == .conflict(version: nil))
        try await users.delete("ada", ifVersion: second)
        let gone = await #expect(throws: FreshetError.self) {
            try await users.update("ada", User(name: ""), ifVersion: second)
        }
        #expect(gone?.kind == .conflict(version: nil))
        let missing = await #expect(throws: FreshetError.self) { try await users.delete("ada") }
        #expect(missing?.kind == .notFound)
        let notVersion = await #expect(throws: FreshetError.self) {
            try await users.update("bob", User(name: ""), ifVersion: "7")
        }
        #expect(notVersion?.kind == .invalidInput)
    }
}
