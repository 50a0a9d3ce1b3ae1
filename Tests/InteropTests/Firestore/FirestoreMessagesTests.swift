// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetCore
import FreshetTestSupport
import Testing

@testable import FreshetFirebase

/// What is sent and read, judged by Google's own message types.
@Suite(.timeLimit(.minutes(2)))
struct FirestoreMessagesTests {
    private static func written(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// The same messages as Google's types write them, or why they refuse them.
    private static func judged(_ messages: [(type: String, json: String)]) async throws -> [String] {
        let python = try #require(
            ProcessInfo.processInfo.environment["FRESHET_PYTHON"],
            "FRESHET_PYTHON is not set, so nothing was judged by Google's types: run `make test`, or scripts/python-env.sh"
        )
        let folder = FileManager.default.temporaryDirectory.appending(path: "freshet-firestore-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "messages")
        try Data(messages.map { "\($0.type)\t\($0.json)\n" }.joined().utf8).write(to: file)
        let script = URL(filePath: #filePath).appending(path: "../../Servers/firestore_messages.py").standardizedFileURL
        let program = try Program(python, ["-B", script.path, file.path])
        let result = await program.result()
        #expect(result.status == 0, "\(result.errors)")
        try #require(result.output.count == messages.count)
        return result.output
    }

    @Test("Values of every kind are taken by Google's types, and read again as they write them")
    func values() async throws {
        let name = try #require(FirestoreName("projects/p/databases/(default)/documents/a/b"))
        let values: [FirestoreValue] = [
            nil, true, 9_007_199_254_740_993, .integer(.min), 0.1, 1.0, .double(.infinity), .double(-.infinity),
            .double(.greatestFiniteMagnitude), .double(.leastNonzeroMagnitude), "é漢😀\u{1}\"\\", .reference(name),
            .bytes(Data((0...255).map { UInt8($0) })), .bytes(Data()),
            .timestamp(try #require(FirestoreTimestamp(seconds: -1))),
            .timestamp(try #require(FirestoreTimestamp("9999-12-31T23:59:59.999999999Z"))),
            .timestamp(try #require(FirestoreTimestamp("2024-02-29T00:00:00.120Z"))),
            .geoPoint(try #require(FirestoreGeoPoint(latitude: 0, longitude: -1.5))), [], [1, nil, ["a": []]], [:],
            ["a": ["b": [:]]],
            .vector([1, 2.5]), .vector([]),
        ]
        let judged = try await Self.judged(values.map { ("Value", try Self.written($0)) })
        for (value, text) in zip(values, judged) {
            #expect(try JSONDecoder().decode(FirestoreValue.self, from: Data(text.utf8)) == value, "\(text)")
        }
        let odd = try await Self.judged(
            [FirestoreValue.double(.nan), .double(-0.0)].map { ("Value", try Self.written($0)) }
        )
        #expect(odd == [#"{"doubleValue": "NaN"}"#, #"{"doubleValue": -0.0}"#])
    }

    @Test("Documents that Google's types write are read, with every number of digits after the second")
    func documents() async throws {
        let texts = ["", ".1", ".123", ".123456", ".123456789"].map { fraction in
            #"{"name":"projects/p/databases/d/documents/a/b","createTime":"2024-01-02T03:04:05\#(fraction)Z","#
                + #""updateTime":"2024-01-02T03:04:05\#(fraction)Z","fields":{"x":{"integerValue":"1"}}}"#
        }
        for (text, judged) in zip(texts, try await Self.judged(texts.map { ("Document", $0) })) {
            let ours = try JSONDecoder().decode(FirestoreDocument.self, from: Data(text.utf8))
            #expect(try JSONDecoder().decode(FirestoreDocument.self, from: Data(judged.utf8)) == ours)
            // Their digits are ours.
            #expect(judged.contains("\"\(ours.updateTime)\""))
        }
    }

    @Test("Writes and queries are messages of Google's, with nothing in them that it does not know")
    func requests() async throws {
        let firestore = Firestore(project: "p", configuration: .emulator("127.0.0.1:1"))
        let users = firestore.collection("users")
        var batch = FirestoreBatch()
        try batch.create(users.document("a"), ["n": 1], transforms: ["t": .serverTimestamp])
        try batch.set(users.document("a"), ["n": ["x": 1]], merge: .all)
        try batch.update(
            users.document("a"),
            [
                "a b.c": 1, "gone": .delete, "i": .increment(1), "j": .increment(0.5), "u": .arrayUnion([1]),
                "r": .arrayRemove(["x"]), "h": .transform(.maximum(1)), "l": .transform(.minimum(1)),
            ]
        )
        try batch.delete(
            users.document("a"),
            if: .updatedAt(try #require(FirestoreTimestamp(seconds: 1, nanoseconds: 1000)))
        )
        let queries = [
            users.query, firestore.collectionGroup("x"), users.where("a", .equal, nil).where("b", .isIn, [1, 2]),
            users.where(.any([.field("a", .lessThan, 1), .field(.documentID, .equal, "x")])).limit(toLast: 3).order(
                by: "a"
            ),
            users.order(by: "a", .descending).start(at: 1, "x").end(before: 2).offset(4).limit(5).select(["a", "b.c"]),
            users.document("x").collection("below").select([]),
        ]
        var messages = try batch.writes.map { ("Write", try Self.written($0)) }
        for query in queries { messages.append(("StructuredQuery", try Self.written(try query.checked().json))) }
        for (message, text) in zip(messages, try await Self.judged(messages)) {
            #expect(!text.hasPrefix("refused"), "\(message.1): \(text)")
        }
        // This one would be noticed.
        #expect(try await Self.judged([("Write", #"{"updates":{}}"#)])[0].hasPrefix("refused: "))
    }

    @Test("What watches ask for, and what the stand-in for a server says, are messages of Google's")
    func watches() async throws {
        let standIn = FirestoreStandIn()
        standIn.faults.resumption = .filter(hasNames: true)
        standIn.faults.bloom = { _ in ["bits": ["bitmap": "AAAA", "padding": 3], "hashCount": 7] }
        standIn.faults.isDenied = { $0 == "secrets" }
        var configuration = FirestoreConfiguration()
        configuration.server = "https://firestore.test"
        configuration.policy.backoff = Backoff(initial: .milliseconds(1), cap: .milliseconds(2))
        let firestore = Firestore(project: "demo", configuration: configuration, transport: standIn)
        let users = firestore.collection("users")
        standIn.write("users/ada", ["n": ["integerValue": "1"]])
        standIn.write("users/bob", ["n": ["integerValue": "2"]])
        var all = users.where("n", .lessThan, 9).order(by: "n").limit(3).snapshots().makeAsyncIterator()
        var one = users.document("ada").snapshots().makeAsyncIterator()
        var secrets = firestore.collection("secrets").snapshots().makeAsyncIterator()
        _ = try await all.next()
        _ = try await one.next()
        await #expect(throws: FreshetError.self) { try await secrets.next() }
        standIn.write("users/ada", nil)
        _ = try await all.next()
        _ = try await one.next()
        standIn.forgetSessions()
        standIn.write("users/bob", ["n": ["integerValue": "10"]])
        _ = try await all.next()
        await firestore.close()
        let said = try standIn.said.compactMap { text -> String? in
            guard case .array(let parts)? = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)),
                case .object? = parts.first
            else { return nil }
            return try Self.written(parts[0])
        }
        let messages =
            try standIn.listens.map { ("ListenRequest", try Self.written($0)) } + said.map { ("ListenResponse", $0) }
        for kind in ["addTarget", "targetChange", "documentChange", "documentDelete", "filter"] {
            #expect(messages.contains { $0.1.hasPrefix("{\"\(kind)\"") || $0.1.contains(",\"\(kind)\"") }, "\(kind)")
        }
        for (message, text) in zip(messages, try await Self.judged(messages)) {
            #expect(!text.hasPrefix("refused"), "\(message.1): \(text)")
        }
    }
}
