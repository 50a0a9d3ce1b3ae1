// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments
import FreshetTestSupport
import Testing

@testable import FreshetFirebase

/// A repository over documents: here over those of a Realtime Database.
@Suite(.timeLimit(.minutes(1)))
struct RealtimeRepositoryTests {
    private typealias World = RealtimeStandInTests

    struct User: Codable, Sendable, Identifiable, Equatable {
        var id: String
        var name: String
        var age: Int?
    }

    private struct Draft: Encodable {
        var id: String
        var name: String
    }

    /// A server, a client, and users.
    private struct Place {
        let server: RealtimeDatabaseServer
        let database: RealtimeDatabase
        var users: Repository<User> { Repository(self.database.reference("users").children(of: User.self)) }

        func close() async {
            await self.database.close()
            self.server.stop()
        }
    }

    private static func world() throws -> Place {
        let server = try World.server()
        return Place(server: server, database: World.client(server))
    }

    @Test("Made, read, listed, changed in parts, replaced, deleted")
    func words() async throws {
        let world = try Self.world()
        let users = world.users
        #expect(try await users.create(Draft(id: "ada", name: "Ada")) == User(id: "ada", name: "Ada"))
        let twice = await #expect(throws: FreshetError.self) { try await users.create(User(id: "ada", name: "Eve")) }
        guard case .conflict? = twice?.kind else { throw FreshetError(.conflict(version: nil), "it was overwritten") }
        try await users.replace(User(id: "bob", name: "Bob", age: 4))
        var names: [String] = []
        for try await user in users.list() { names.append(user.name) }
        #expect(names == ["Ada", "Bob"])
        let changed = try await users.update("ada", with: ["age": 36])
        #expect(changed == User(id: "ada", name: "Ada", age: 36))
        #expect(try await users.update("ada", with: ["age": JSONValue.null]).age == nil)
        let versioned = try await users.getVersioned("ada")
        try await users.update("ada", with: ["age": 37])
        let late = await #expect(throws: FreshetError.self) {
            try await users.update("ada", with: ["age": 1], ifVersion: versioned.version)
        }
        guard case .conflict? = late?.kind else { throw FreshetError(.conflict(version: nil), "it was overwritten") }
        #expect(try await users.get("ada").age == 37)
        try await users.delete("bob")
        let gone = await #expect(throws: FreshetError.self) { try await users.get("bob") }
        #expect(gone?.kind == .notFound)
        await world.close()
    }

    @Test("What is no object, and lists with a query, are errors that say so")
    func invalid() async throws {
        let world = try Self.world()
        let nameless = await #expect(throws: FreshetError.self) { try await world.users.create(["name": "Ada"]) }
        #expect(nameless?.kind == .invalidInput)
        #expect(nameless?.message.contains("id") == true)
        try await world.users.create(User(id: "ada", name: "Ada"))
        let wrong = await #expect(throws: FreshetError.self) {
            try await world.users.update("ada", with: ["age": "old"])
        }
        #expect(wrong?.kind == .invalidInput)
        #expect(try await world.users.get("ada") == User(id: "ada", name: "Ada"))
        var list = world.users.list(["age": 3]).makeAsyncIterator()
        let refused = await #expect(throws: FreshetError.self) { try await list.next() }
        #expect(refused?.kind == .invalidInput)
        var live = world.users.watchList(["age": 3]).makeAsyncIterator()
        let alsoRefused = await #expect(throws: FreshetError.self) { try await live.next() }
        #expect(alsoRefused?.kind == .invalidInput)
        await world.close()
    }

    @Test("One object is watched: nothing is heard of the others, and its end is an error")
    func watch() async throws {
        let world = try Self.world()
        let users = world.users
        try await users.create(User(id: "ada", name: "Ada"))
        var feed = users.watch("ada").makeAsyncIterator()
        #expect(try await feed.next() == .snapshot(User(id: "ada", name: "Ada")))
        try await users.create(User(id: "bob", name: "Bob"))
        try await users.update("ada", with: ["age": 36])
        #expect(try await feed.next() == .update(User(id: "ada", name: "Ada", age: 36)))
        try await users.delete("ada")
        let gone = await #expect(throws: FreshetError.self) { try await feed.next() }
        #expect(gone?.kind == .notFound)
        var nobody = users.watch("eve").makeAsyncIterator()
        let missing = await #expect(throws: FreshetError.self) { try await nobody.next() }
        #expect(missing?.kind == .notFound)
        await world.close()
    }

    @Test("A list is watched: whole at each change")
    func watchList() async throws {
        let world = try Self.world()
        let users = world.users
        var feed = users.watchList().makeAsyncIterator()
        #expect(try await feed.next()?.value == [])
        try await users.create(User(id: "bob", name: "Bob"))
        #expect(try await feed.next()?.value?.map(\.id) == ["bob"])
        try await users.create(User(id: "ada", name: "Ada"))
        #expect(try await feed.next()?.value?.map(\.id) == ["ada", "bob"])
        try await users.delete("bob")
        #expect(try await feed.next()?.value?.map(\.id) == ["ada"])
        await world.close()
    }

    @Test("Two who change one object at once: neither is lost")
    func race() async throws {
        let world = try Self.world()
        let users = world.users
        try await users.create(User(id: "ada", name: "Ada"))
        async let age = users.update("ada", with: ["age": 36])
        async let name = users.update("ada", with: ["name": "Ada L."])
        _ = try await (age, name)
        #expect(try await users.get("ada") == User(id: "ada", name: "Ada L.", age: 36))
        await world.close()
    }
}
