// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetFirebase
import FreshetTestSupport
import Testing

/// Writes, and keeps what there was at each moment.
struct StandInWriter {
    let standIn: FirestoreStandIn
    var random: SeededRandom
    var states: [String: [String: Int]] = ["2024-01-02T00:00:00.001Z": [:]]
    var documents: [String: Int] = [:]
    var last = ""

    static func number(_ number: Int, _ text: String = "é漢😀") -> JSONValue {
        ["n": ["integerValue": .string("\(number)")], "text": ["stringValue": .string(text)]]
    }

    /// One document of twenty, which belongs to the query in half of all cases.
    mutating func write() {
        let id = "u\(Int.random(in: 0..<20, using: &self.random))"
        let number =
            Int.random(in: 0..<5, using: &self.random) == 0 ? nil : Int.random(in: 0..<100, using: &self.random)
        self.standIn.write("users/\(id)", number.map { StandInWriter.number($0) })
        self.documents[id] = number
        self.last = self.standIn.moment
        self.states[self.last] = self.documents.filter { $0.value < 50 }
    }
}

/// A watcher who applies the changes, and compares what comes of them.
struct StandInWatcher {
    var iterator: FirestoreSnapshots<FirestoreQuerySnapshot>.Iterator
    var list: [FirestoreDocument] = []
    var readTime: FirestoreTimestamp?
    var count = 0

    mutating func next(_ writer: StandInWriter) async throws {
        let snapshot = try #require(try await self.iterator.next())
        for change in snapshot.changes {
            if let place = change.oldIndex {
                #expect(self.list.indices.contains(place) && self.list[place].name == change.document.name)
                if self.list.indices.contains(place) { self.list.remove(at: place) }
            }
            if let place = change.newIndex { self.list.insert(change.document, at: min(place, self.list.count)) }
        }
        #expect(self.list == snapshot.documents)
        #expect(self.readTime.map { $0 <= snapshot.readTime } ?? true)
        self.readTime = snapshot.readTime
        self.count += 1
        let expected = writer.states[snapshot.readTime.description]
        let found = Dictionary(uniqueKeysWithValues: snapshot.documents.map { ($0.id, $0["n"]) })
        #expect(found == expected?.mapValues { .integer(Int64($0)) }, "as of \(snapshot.readTime)")
    }

    mutating func reach(_ writer: StandInWriter) async throws {
        guard let wanted = writer.states[writer.last] else { return }
        var seen: [String: FirestoreValue?] { Dictionary(uniqueKeysWithValues: self.list.map { ($0.id, $0["n"]) }) }
        while seen != wanted.mapValues({ .integer(Int64($0)) }) { try await self.next(writer) }
    }
}
