// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetCore
import FreshetFirebase
import Testing

/// Documents in Google's emulator: made, read, changed, deleted.
@Suite(.timeLimit(.minutes(2)))
struct FirestoreDocumentTests {
    struct User: Codable, Equatable {
        var name: String
        var age: Int
        var tags: [String]
        var born: Date
    }

    private static let ada = User(
        name: "Ada",
        age: 36,
        tags: ["math"],
        born: Date(timeIntervalSince1970: -4_879_958_400)
    )

    @Test("A document is made once, read, replaced, deleted; each time it has a newer time")
    func lifecycle() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let document = emulator.firestore().collection("users").document("ada/1".replacing("/", with: " "))
        let missing = await #expect(throws: FreshetError.self) { try await document.get() }
        #expect(missing?.kind == .notFound)
        let made = try #require(try await document.create(Self.ada).updateTime)
        let read = try await document.get()
        #expect(try read.decoded(as: User.self) == Self.ada)
        #expect((read.createTime, read.updateTime) == (made, made))
        #expect(try read.name == document.name.get())
        let twice = await #expect(throws: FreshetError.self) { try await document.create(Self.ada) }
        #expect(twice?.kind == .conflict(version: nil))
        #expect(twice?.firestoreCode == "ALREADY_EXISTS")
        let replaced = try #require(try await document.set(["name": "Eve"]).updateTime)
        #expect(replaced > made)
        #expect(try await document.get().fields == ["name": "Eve"])
        let stale = await #expect(throws: FreshetError.self) {
            try await document.set(["name": "Bob"], if: .updatedAt(made))
        }
        #expect(stale?.kind == .conflict(version: nil))
        try await document.set(["name": "Bob"], if: .updatedAt(replaced))
        let staleDelete = await #expect(throws: FreshetError.self) {
            try await document.delete(if: .updatedAt(replaced))
        }
        #expect(staleDelete?.kind == .conflict(version: nil))
        try await document.delete(if: .exists(true))
        try await document.delete()
        let gone = await #expect(throws: FreshetError.self) { try await document.delete(if: .exists(true)) }
        #expect(gone?.kind == .notFound)
        let notThere = await #expect(throws: FreshetError.self) { try await document.update(["name": "x"]) }
        #expect(notThere?.kind == .notFound)
    }

    @Test("Every kind of value is stored and comes back as it was")
    func values() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let firestore = emulator.firestore()
        let document = firestore.collection("values").document()
        let other = try firestore.document("values/other").name.get()
        let time = try #require(FirestoreTimestamp("0001-01-01T00:00:00.000001Z"))
        let last = try #require(FirestoreTimestamp("9999-12-31T23:59:59.999999Z"))
        let place = try #require(FirestoreGeoPoint(latitude: -90, longitude: 0))
        let fields: [String: FirestoreValue] = [
            "null": nil, "yes": true, "no": false, "large": .integer(.max), "small": .integer(.min),
            "exact": 9_007_199_254_740_993, "double": 0.1, "whole": .double(1),
            "huge": .double(.greatestFiniteMagnitude),
            "tiny": .double(.leastNonzeroMagnitude), "infinite": .double(.infinity), "minus": .double(-.infinity),
            "first": .timestamp(time), "last": .timestamp(last), "text": "é漢😀\u{0}\"\\\n", "empty": "",
            "bytes": .bytes(Data((0...255).map { UInt8($0) })), "none": .bytes(Data()), "reference": .reference(other),
            "place": .geoPoint(place), "array": [1, "two", nil, ["a": [true]]], "nothing": [], "map": ["a": ["b": [:]]],
            "emptyMap": [:], "vector": .vector([1, -2.5, 0]), "odd key.`\\": ["ü": 1],
        ]
        try await document.create(fields)
        #expect(try await document.get().fields == fields)
        try await document.set(["nan": Double.nan])
        guard case .double(let number)? = try await document.get()["nan"] else {
            Issue.record("NaN is not a double")
            return
        }
        #expect(number.isNaN)
        // Nanoseconds are cut off by the server.
        let fine = try #require(FirestoreTimestamp("2024-01-02T03:04:05.123456789Z"))
        try await document.set(["t": fine])
        #expect(
            try await document.get()["t"] == .timestamp(try #require(FirestoreTimestamp("2024-01-02T03:04:05.123456Z")))
        )
        try await document.set([String: FirestoreValue]())
        #expect(try await document.get().fields.isEmpty)
    }

    @Test("Fields are merged, changed one by one, deleted, and made by the server")
    func updates() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let document = emulator.firestore().document("users/ada")
        let start: [String: FirestoreValue] = [
            "a": ["x": 1, "y": 2], "n": 5, "tags": ["a", "b", "a"], "gone": 1, "odd.key": 1,
        ]
        try await document.set(start, transforms: ["made": .serverTimestamp])
        try await document.set(["a": ["y": 3]] as [String: FirestoreValue], merge: .all)
        #expect(try await document.get()["a"] == ["x": 1, "y": 3])
        try await document.set(
            ["a": ["y": 4], "n": 0] as [String: FirestoreValue],
            merge: .fields(["a.y", "missing"])
        )
        #expect(try await document.get()["n"] == 5)
        #expect(try await document.get()["a"] == ["x": 1, "y": 4])
        let result = try await document.update([
            "a.x": "new", "gone": .delete, "n": .increment(2), "seen": .serverTimestamp,
            "tags": .arrayUnion(["b", "c"]),
            FirestoreFieldPath(["odd.key"]): nil, "high": .transform(.maximum(7)), "low": .transform(.minimum(0.5)),
        ])
        let read = try await document.get()
        #expect(read["a"] == ["x": "new", "y": 4])
        #expect(read["gone"] == nil)
        #expect(read["n"] == 7)
        #expect(result.transformed["n"] == 7)
        #expect(read["seen"] == result.transformed["seen"])
        #expect(read["tags"] == ["a", "b", "a", "c"])
        #expect(read[FirestoreFieldPath(["odd.key"])] == .null)
        #expect((read["high"], read["low"]) == (7, 0.5))
        #expect(read.updateTime == result.updateTime)
        try await document.update(["tags": .arrayRemove(["a"]), "n": .increment(0.5)])
        #expect(try await document.get()["tags"] == ["b", "c"])
        #expect(try await document.get()["n"] == 7.5)
        #expect(try await document.get(fields: ["n", "a.y"]).fields == ["n": 7.5, "a": ["y": 4]])
        #expect(try await document.get(fields: []).fields.isEmpty)
    }

    @Test("A batch is written whole or not at all")
    func batches() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let firestore = emulator.firestore()
        let (a, b) = (firestore.document("t/a"), firestore.document("t/b"))
        var batch = FirestoreBatch()
        try batch.create(a, ["n": 1])
        try batch.set(b, ["n": 1])
        try batch.update(b, ["n": .increment(1)])
        #expect(try await firestore.commit(batch).map(\.transformed) == [[:], [:], ["n": 2]])
        var bad = FirestoreBatch()
        try bad.delete(a)
        try bad.create(b, ["n": 9])
        let error = await #expect(throws: FreshetError.self) { try await firestore.commit(bad) }
        #expect(error?.kind == .conflict(version: nil))
        #expect(try await firestore.get([a, b, firestore.document("t/c")]).map { $0?["n"] } == [1, 2, nil])
        #expect(try await firestore.commit(FirestoreBatch()).isEmpty)
    }

    @Test("Ids that nobody chose are twenty letters, and pages bring all documents")
    func pages() async throws {
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let collection = emulator.firestore().collection("list")
        let nothing = try await collection.page()
        #expect(nothing.documents.isEmpty && nothing.next == nil)
        var ids: Set<String> = []
        for number in 0..<7 { ids.insert(try await collection.add(["n": number]).id) }
        #expect(ids.count == 7 && ids.allSatisfy { $0.count == 20 })
        var (seen, token): ([FirestoreDocument], String?) = ([], nil)
        repeat {
            let page = try await collection.page(size: 3, after: token)
            #expect(page.documents.count <= 3)
            seen += page.documents
            token = page.next
        } while token != nil && seen.count < 20
        #expect(Set(seen.map(\.id)) == ids)
        #expect(seen.map(\.id) == seen.map(\.id).sorted())
        let nested = collection.document(seen[0].id).collection("below")
        try await nested.document("x").create(["n": 1])
        #expect(try await nested.get().map(\.path) == ["list/\(seen[0].id)/below/x"])
        #expect(try await collection.count() == 7)
    }
}
