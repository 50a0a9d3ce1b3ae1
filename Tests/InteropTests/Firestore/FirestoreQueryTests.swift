// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetCore
import FreshetFirebase
import Testing

/// Queries and transactions in Google's emulator, and rules that deny.
@Suite(.timeLimit(.minutes(2)))
struct FirestoreQueryTests {
    private static func filled(_ firestore: Firestore) async throws -> FirestoreCollectionReference {
        let users = firestore.collection("users")
        var batch = FirestoreBatch()
        for (index, name) in ["ada", "bob", "cid", "dan", "eve"].enumerated() {
            let fields: [String: FirestoreValue] = [
                "n": .integer(Int64(index)), "even": .boolean(index % 2 == 0), "tags": [.string(name), "all"],
                "m": ["x": .integer(Int64(10 - index))], "maybe": index == 3 ? .double(.nan) : nil,
            ]
            try batch.create(users.document(name), fields)
        }
        try await firestore.commit(batch)
        return users
    }

    private static func ids(_ query: some FirestoreQueryable) async throws -> [String] {
        try await query.get().map(\.id)
    }

    @Test("Filters, orders, limits and cursors bring what they say")
    func queries() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let users = try await Self.filled(emulator.firestore())
        #expect(try await Self.ids(users) == ["ada", "bob", "cid", "dan", "eve"])
        #expect(try await Self.ids(users.where("n", .greaterThan, 2)) == ["dan", "eve"])
        #expect(try await Self.ids(users.where("n", .lessThanOrEqual, 1)) == ["ada", "bob"])
        #expect(try await Self.ids(users.where("n", .notEqual, 2)) == ["ada", "bob", "dan", "eve"])
        #expect(
            try await Self.ids(users.where("even", .equal, true).order(by: "n", .descending)) == ["eve", "cid", "ada"]
        )
        #expect(try await Self.ids(users.where("tags", .arrayContains, "bob")) == ["bob"])
        #expect(try await Self.ids(users.where("tags", .arrayContainsAny, ["bob", "eve"])) == ["bob", "eve"])
        #expect(try await Self.ids(users.where("n", .isIn, [0, 4, 9])) == ["ada", "eve"])
        #expect(try await Self.ids(users.where("n", .isNotIn, [0, 4])) == ["bob", "cid", "dan"])
        #expect(try await Self.ids(users.where("maybe", .equal, nil)) == ["ada", "bob", "cid", "eve"])
        #expect(try await Self.ids(users.where("maybe", .equal, .double(.nan))) == ["dan"])
        #expect(try await Self.ids(users.where(.documentID, .greaterThanOrEqual, "dan")) == ["dan", "eve"])
        #expect(try await Self.ids(users.where(.documentID, .isIn, ["dan", "ada"])) == ["ada", "dan"])
        let either = FirestoreFilter.any([
            .field("n", .equal, 1), .all([.field("even", .equal, true), .field("n", .lessThan, 1)]),
        ])
        #expect(try await Self.ids(users.where(either)) == ["ada", "bob"])
        #expect(try await Self.ids(users.order(by: "m.x")) == ["eve", "dan", "cid", "bob", "ada"])
        #expect(try await Self.ids(users.order(by: "m.x").limit(2)) == ["eve", "dan"])
        #expect(try await Self.ids(users.order(by: "m.x").limit(toLast: 2)) == ["bob", "ada"])
        #expect(try await Self.ids(users.order(by: "n").start(at: 1).end(at: 3)) == ["bob", "cid", "dan"])
        #expect(try await Self.ids(users.order(by: "n").start(after: 1).end(before: 3)) == ["cid"])
        #expect(try await Self.ids(users.order(by: "n").start(after: 1).limit(toLast: 2)) == ["dan", "eve"])
        #expect(try await Self.ids(users.order(by: "n").end(before: 3).limit(toLast: 2)) == ["bob", "cid"])
        #expect(try await Self.ids(users.order(by: "n").offset(3)) == ["dan", "eve"])
        #expect(try await Self.ids(users.limit(1).start(at: users.document("cid").get())) == ["cid"])
        #expect(try await users.select(["m.x"]).limit(1).get().map(\.fields) == [["m": ["x": 10]]])
        #expect(try await users.select([]).limit(1).get().map(\.fields) == [[:]])
        #expect(try await users.where("even", .equal, false).count() == 2)
        #expect(try await users.where("n", .equal, "text").get().isEmpty)
        #expect(try await users.where("n", .equal, "text").count() == 0)
    }

    @Test("Page after page by the last document, with equal values in the field that is sorted by")
    func cursorsAtDocuments() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let users = try await Self.filled(emulator.firestore())
        let query = users.order(by: "even", .descending).limit(2)
        var (seen, page) = ([String](), try await query.get())
        while let last = page.last, seen.count < 10 {
            seen += page.map(\.id)
            page = try await query.start(after: last).get()
        }
        #expect(seen == ["eve", "cid", "ada", "dan", "bob"])
    }

    @Test("A group has the documents of all collections of its name")
    func groups() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let firestore = emulator.firestore()
        for path in ["a/1/letters/x", "b/2/letters/y", "letters/z", "a/1/other/w"] {
            try await firestore.document(path).set(["n": 1])
        }
        let group = firestore.collectionGroup("letters")
        #expect(try await group.get().map(\.path) == ["a/1/letters/x", "b/2/letters/y", "letters/z"])
        let after = group.where(.documentID, .greaterThan, "a/1/letters/x")
        #expect(try await after.get().map(\.path) == ["b/2/letters/y", "letters/z"])
    }

    @Test("What the server takes for no query is refused in its words")
    func refused() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let users = emulator.firestore().collection("users")
        let error = await #expect(throws: FreshetError.self) { try await users.where("n", .isIn, []).get() }
        #expect(error?.kind == .rejected(status: 400))
        #expect(error?.firestoreCode == "INVALID_ARGUMENT")
        let nested = await #expect(throws: FreshetError.self) {
            try await users.document("x").set(["a": FirestoreValue.array([[1]])])
        }
        #expect(nested?.kind == .rejected(status: 400))
    }

    @Test("Rules that deny are told as .forbidden, for each way of asking; those that allow let pass")
    func rules() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let project = "p-\(UUID().uuidString.lowercased())"
        try await emulator.setRules(
            "match /users/{u} { allow read, write: if request.auth.uid == u; }",
            project: project
        )
        let owner = emulator.firestore(project: project)
        try await owner.document("users/ada").set(["n": 1])
        func client(_ user: String) -> Firestore {
            emulator.firestore(project: project) {
                $0.credentials = { _ in .bearer(FirestoreEmulator.token(of: user, project: project)) }
            }
        }
        let (ada, bob) = (client("ada"), client("bob"))
        #expect(try await ada.document("users/ada").get()["n"] == 1)
        try await ada.document("users/ada").update(["n": .increment(1)])
        try await ada.runTransaction { transaction in
            _ = try await transaction.get(ada.document("users/ada"))
            try transaction.update(ada.document("users/ada"), ["n": .increment(1)])
        }
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await bob.document("users/ada").get() }, { try await bob.document("users/ada").delete() },
            { _ = try await bob.document("users/ada").set(["n": 9]) }, { _ = try await bob.collection("users").get() },
            { _ = try await bob.collection("users").page() }, { _ = try await bob.collection("users").count() },
            { _ = try await bob.get([bob.document("users/ada")]) },
            { try await bob.runTransaction { _ = try await $0.get(bob.document("users/ada")) } },
        ]
        for call in calls {
            let error = await #expect(throws: FreshetError.self) { try await call() }
            #expect(error?.kind == .forbidden)
            #expect(error?.firestoreCode == "PERMISSION_DENIED")
        }
        #expect(try await owner.document("users/ada").get()["n"] == 3)
    }

    @Test("Eight transactions at once lose no write")
    func transactions() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let firestore = emulator.firestore()
        let counter = firestore.document("counters/all")
        let attempts = Locked(0)
        // The emulator ends kept connections now and then: of a commit that was on its way then nobody knows.
        let unknown = Locked<Int64>(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    do {
                        try await firestore.runTransaction(attempts: 200) { transaction in
                            attempts.withLock { $0 += 1 }
                            let count = try await transaction.get(counter)?.fields["n"]
                            guard case .integer(let number) = count ?? 0 else { return }
                            try transaction.set(counter, ["n": number + 1])
                        }
                    } catch let error as FreshetError where error.kind == .outcomeUnknown {
                        unknown.withLock { $0 += 1 }
                    }
                }
            }
            try await group.waitForAll()
        }
        guard case .integer(let count)? = try await counter.get()["n"] else {
            throw FreshetError(.decoding, "there is no count")
        }
        #expect(8 - unknown.withLock { $0 }...8 ~= count)
        // Otherwise nobody was in anybody's way, and nothing was shown.
        #expect(attempts.withLock { $0 } > 8)
    }

    @Test("What a transaction has only read must not have changed either")
    func onlyRead() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let firestore = emulator.firestore()
        let (flag, other) = (firestore.document("t/flag"), firestore.document("t/other"))
        try await flag.set(["on": true])
        let attempts = Locked(0)
        let wrote = try await firestore.runTransaction { transaction -> Bool in
            let isFirst = attempts.withLock { count -> Bool in
                count += 1
                return count == 1
            }
            let isOn = try await transaction.get(flag)?["on"] == true
            _ = try await transaction.get(firestore.document("t/missing"))
            // Somebody else, right after it was read.
            if isFirst { try await flag.set(["on": false]) }
            if isOn { try transaction.set(other, ["n": 1]) }
            return isOn
        }
        #expect(!wrote)
        #expect(attempts.withLock { $0 } == 2)
        #expect(try await firestore.get([other]) == [nil])
    }
}
