// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetCore
import FreshetDocuments
import Testing

/// Reading and writing documents in a real etcd.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct EtcdRESTTests {
    struct User: Codable, Sendable, Equatable {
        var name: String
    }

    @Test("Documents are written, read, listed, replaced and removed, each time with their versions")
    func lifecycle() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let users = server.client().documents(User.self, under: "users/")
        let first = try await users.create("users/1", User(name: "Ada"))
        #expect(try await users.get("users/1") == Document(key: "users/1", version: first, value: User(name: "Ada")))
        let taken = await failure { _ = try await users.create("users/1", User(name: "Eve")) }
        #expect(taken?.kind == .conflict(version: first))
        let second = try await users.update("users/1", User(name: "Ada L."), ifVersion: first)
        #expect(second != first)
        let stale = await failure { _ = try await users.update("users/1", User(name: "Eve"), ifVersion: first) }
        #expect(stale?.kind == .conflict(version: second))
        let third = try await users.put("users/2", User(name: "Bob"))
        let list = try await users.list()
        #expect(list.documents.map(\.key) == ["users/1", "users/2"])
        #expect(list.documents.map(\.version) == [second, third])
        #expect(list.position == Position(number: try #require(Int64(third))))
        let staleDelete = await failure { try await users.delete("users/1", ifVersion: first) }
        #expect(staleDelete?.kind == .conflict(version: second))
        try await users.delete("users/1", ifVersion: second)
        try await users.delete("users/2")
        for missing in [
            await failure { _ = try await users.get("users/1") }, await failure { try await users.delete("users/2") },
            await failure { try await users.delete("users/2", ifVersion: third) },
        ] {
            #expect(missing?.kind == .notFound)
        }
        let gone = await failure { try await users.update("users/2", User(name: ""), ifVersion: third) }
        #expect(gone?.kind == .conflict(version: nil))
        #expect(try await users.list().documents == [])
    }

    @Test("A list in pages is of one revision, whatever happens meanwhile, and empty values are values")
    func pages() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let client = server.client { $0.pageSize = 3 }
        let texts = client.texts(under: "p/")
        for number in 0..<10 { _ = try await texts.put("p/\(number)", number == 4 ? "" : "v\(number)") }
        let writing = Task {
            for number in 0..<200 { _ = try await texts.put("p/\(number % 10)", "w\(number)") }
        }
        for _ in 0..<20 {
            let list = try await texts.list()
            #expect(list.documents.count == 10)
            // None is newer than the list says of itself.
            let newest = list.documents.compactMap { Int64($0.version) }.max() ?? 0
            #expect(newest <= list.position?.number ?? 0)
        }
        try await writing.value
        let bytes = try await client.documents(Bytes.self, under: "p/", coding: .bytes).get("p/4")
        #expect(bytes.value.text.hasPrefix("w"))
        _ = try await texts.put("p/4", "")
        #expect(try await texts.get("p/4").value == "")
    }

    @Test("Documents that do not fit into one answer are listed with smaller ones")
    func largePages() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let client = server.client { $0.webSocket.messageLimit = 1 << 20 }
        let texts = client.texts(under: "p/")
        let large = String(repeating: "x", count: 200_000)
        for number in 0..<12 { _ = try await texts.put("p/\(number)", large) }
        #expect(try await texts.list().documents.count == 12)
    }

    @Test("A transaction happens as a whole, or not at all and says what was in the way")
    func transactions() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let client = server.client()
        let texts = client.texts(under: "t/")
        let version = try await texts.put("t/a", "1")
        var transaction = EtcdTransaction()
        transaction.require("t/a", version: version)
        transaction.requireAbsence(of: "t/c")
        try transaction.put("t/b", "2", coding: .text)
        try transaction.put("t/c", "3", coding: .text)
        transaction.delete("t/a")
        let committed = try await client.commit(transaction)
        #expect(try await texts.list().documents.map(\.version) == [committed, committed])
        let refused = await failure { _ = try await client.commit(transaction) }
        #expect(refused?.kind == .conflict(version: nil))
        #expect(refused?.message.contains("t/a") == true)
        #expect(try await texts.list().documents.map(\.version) == [committed, committed])
    }

    @Test("What cannot be is refused with a clear error")
    func refusals() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let client = server.client()
        let texts = client.texts(under: "r/")
        // Refused by etcd itself, and by what it has in front for HTTP.
        for size in [1_600_000, 3_000_000] {
            let large = await failure { _ = try await texts.put("r/large", String(repeating: "x", count: size)) }
            #expect(large?.kind == .messageTooLarge)
            #expect(large?.hint != nil)
        }
        let elsewhere = await failure { _ = try await texts.put("elsewhere", "x") }
        #expect(elsewhere?.kind == .invalidInput)
        let noVersion = await failure { _ = try await texts.update("r/1", "x", ifVersion: "0") }
        #expect(noVersion?.kind == .invalidInput)
        _ = try await texts.put("r/json", "not json")
        let undecodable = await failure { _ = try await client.documents(User.self, under: "r/").get("r/json") }
        #expect(undecodable?.kind == .decoding)
        #expect(undecodable?.message.contains("r/json") == true)
        let foreign = texts.watch(from: .after(Position(text: "of another source")))
        #expect(await failure { for try await _ in foreign {} }?.kind == .invalidInput)
        let nobody = EtcdClient(url: "gopher://nowhere")
        #expect(await failure { _ = try await nobody.texts(under: "").list() }?.kind == .invalidInput)
        #expect(await failure { for try await _ in nobody.texts(under: "").watch() {} }?.kind == .invalidInput)
    }

    @Test("Keys that are not UTF-8 have a name of their own, by which they are found again")
    func binaryKeys() async throws {
        guard let server = try await EtcdServer.start() else { return }
        let key: [UInt8] = [0x62, 0x2F, 0xFF, 0x00, 0xC3, 0xEF, 0x9E, 0x80]
        let base64 = Data(key).base64EncodedString()
        try await server.call("v3/kv/put", ["key": .string(base64), "value": "eA=="])
        let texts = server.client().texts(under: "b/")
        let name = try #require(try await texts.list().documents.first?.key)
        #expect(name == "b/\u{F7FF}\u{0}\u{F7C3}\u{F7EF}\u{F79E}\u{F780}")
        _ = try await texts.put(name, "y")
        let all = try await texts.list().documents
        #expect(all.map(\.key) == [name])
        #expect(all.map(\.value) == ["y"])
        try await texts.delete(name)
    }
}
