// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetCore
import FreshetFirebase
import FreshetTestSupport
import Testing

/// The documents of a query in its order, and what has changed where.
struct FirestoreViewTests {
    private static func document(_ id: String, _ fields: [String: FirestoreValue]) -> FirestoreDocument {
        FirestoreDocument(
            name: .sample("users/\(id)", in: "projects/demo/databases/(default)"),
            fields: fields,
            createTime: .at("1970-01-01T00:00:00Z"),
            updateTime: .at("1970-01-01T00:00:01Z")
        )
    }

    private static func view(_ change: (FirestoreQuery) -> FirestoreQuery = { $0 }) throws -> FirestoreView {
        let users = Firestore(project: "demo", configuration: .emulator("127.0.0.1:1")).collection("users")
        return FirestoreView(try change(users.query).checked())
    }

    private static func words(_ changes: [FirestoreDocumentChange]) -> [String] {
        changes.map { "\($0.kind) \($0.document.id) \($0.oldIndex ?? -1) \($0.newIndex ?? -1)" }
    }

    @Test("Added, modified, removed: with the places before and after, one change after another")
    func indexes() throws {
        var view = try Self.view { $0.order(by: "n") }
        let first = view.replace(by: [
            Self.document("b", ["n": 2]), Self.document("a", ["n": 1]), Self.document("c", ["n": 3]),
        ])
        #expect(Self.words(first) == ["added a -1 0", "added b -1 1", "added c -1 2"])
        let second = view.apply(
            [Self.document("a", ["n": 9]), Self.document("d", ["n": 0])],
            removed: [Self.document("b", [:]).name.description]
        )
        #expect(Self.words(second) == ["removed b 1 -1", "added d -1 0", "modified a 1 2"])
        #expect(view.documents.map(\.id) == ["d", "c", "a"])
        #expect(view.apply([Self.document("c", ["n": 3])], removed: []).isEmpty)
        let third = view.replace(by: [Self.document("c", ["n": 3])])
        #expect(Self.words(third) == ["removed d 0 -1", "removed a 1 -1"])
    }

    @Test("A limit shows the first or the last, and who comes in or goes out by it")
    func limits() throws {
        var first = try Self.view { $0.order(by: "n").limit(2) }
        var last = try Self.view { $0.order(by: "n").limit(toLast: 2) }
        let documents = (1...2).map { Self.document("u\($0)", ["n": .integer(Int64($0))]) }
        _ = first.replace(by: documents)
        _ = last.replace(by: documents)
        let more = Self.document("u0", ["n": 0])
        #expect(Self.words(first.apply([more], removed: [])) == ["removed u2 1 -1", "added u0 -1 0"])
        #expect(last.apply([more], removed: []).isEmpty)
        let gone = [documents[0].name.description]
        #expect(Self.words(first.apply([], removed: gone)) == ["removed u1 1 -1", "added u2 -1 1"])
        #expect(Self.words(last.apply([], removed: gone)) == ["removed u1 0 -1", "added u0 -1 0"])
    }

    @Test("Applied one after another, changes make the new list of the old one", arguments: [UInt64(1), 2, 3, 4])
    func applied(_ seed: UInt64) throws {
        var random = SeededRandom(seed)
        var view = try Self.view { seed % 2 == 0 ? $0.order(by: "n").limit(5) : $0.order(by: "n", .descending) }
        var list: [FirestoreDocument] = []
        for _ in 0..<400 {
            let changed = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                let id = "u\(Int.random(in: 0..<20, using: &random))"
                let value = Int64.random(in: 0..<6, using: &random)
                return Self.document(id, value == 0 ? ["x": .integer(0)] : ["n": .integer(value)])
            }
            let removed = (0..<Int.random(in: 0...2, using: &random)).map { _ in
                Self.document("u\(Int.random(in: 0..<20, using: &random))", [:]).name.description
            }
            for change in view.apply(changed, removed: removed) {
                if let place = change.oldIndex {
                    #expect(list[place].name == change.document.name)
                    list.remove(at: place)
                }
                if let place = change.newIndex { list.insert(change.document, at: place) }
            }
            #expect(list == view.documents)
        }
    }

    @Test("A field that is missing comes before every value, and a document is found where it is")
    func missing() throws {
        var view = try Self.view { $0.order(by: "n") }
        for document in [
            Self.document("c", ["n": 1]), Self.document("a", ["n": 2]), Self.document("b", [:]),
            Self.document("bb", [:]),
        ] {
            _ = view.apply([document], removed: [])
        }
        #expect(view.documents.map(\.id) == ["b", "bb", "c", "a"])
        #expect(Self.words(view.apply([Self.document("c", ["n": 1, "x": 1])], removed: [])) == ["modified c 2 2"])
        #expect(Self.words(view.apply([Self.document("bb", ["n": 3])], removed: [])) == ["modified bb 1 3"])
        #expect(view.documents.map(\.id) == ["b", "c", "a", "bb"])
    }

    @Test("Values are ordered by kind first, then within it; integers and doubles exactly")
    func order() {
        let name = FirestoreName.sample("users/a")
        let longer = FirestoreName.sample("users/a/b/c")
        let values: [FirestoreValue] = [
            .null, false, true, .double(.nan), .double(-.infinity), .integer(.min), -1.5, .integer(-1), 0, 0.5, 1,
            .integer((1 << 53) + 1), .double(0x1p53 + 4), .integer(.max), .double(0x1p63), .double(.infinity),
            .timestamp(.at("1970-01-01T00:00:00Z")), .timestamp(.at("1970-01-01T00:00:00.000000001Z")), "",
            "a", "a!", "b", "é", "\u{FFFD}", "😀", .bytes(Data([])), .bytes(Data([0])), .bytes(Data([1])),
            .reference(name),
            .reference(longer), .reference(.sample("users/a!")), .geoPoint(.at(-1, 5)),
            .geoPoint(.at(0, 0)), [], [1], [1, 2], [2], .vector([5]), .vector([1, 2]),
            [:], ["a": 1], ["a": 1, "b": 1], ["a": 2], ["b": 0],
        ]
        for (left, first) in values.enumerated() {
            for (right, second) in values.enumerated() {
                let compared = first.compare(to: second)
                #expect(compared.signum() == (left - right).signum(), "\(first) and \(second)")
            }
        }
        #expect(FirestoreValue.integer(3).compare(to: .double(3)) == 0)
        #expect(FirestoreValue.double(-0.0).compare(to: .integer(0)) == 0)
    }
}
