// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

@testable import FreshetFirebase

/// Writes as they are sent.
struct FirestoreWriteTests {
    private static let name = FirestoreName.sample("users/ada")
    private static let at = #""name":"projects/p/databases/(default)/documents/users/ada""#

    private func json(_ write: FirestoreWrite) throws -> String { try FirestoreValueTests.written(write) }

    @Test("set without a merge has no mask: what is not given goes")
    func set() throws {
        let write = try FirestoreWrite.set(Self.name, ["a": 1], merge: .none, transforms: [:])
        #expect(try self.json(write) == #"{"update":{"fields":{"a":{"integerValue":"1"}},\#(Self.at)}}"#)
    }

    @Test("set with a merge names the fields that have no fields, and no others")
    func merge() throws {
        let fields: [String: FirestoreValue] = ["a": ["b": 1, "c": [:], "d": [1]], "e": nil]
        let write = try FirestoreWrite.set(Self.name, fields, merge: .all, transforms: [:])
        #expect(try self.json(write).hasSuffix(#""updateMask":{"fieldPaths":["a.b","a.c","a.d","e"]}}"#))
        let some = try FirestoreWrite.set(Self.name, fields, merge: .fields(["e", "x"]), transforms: [:])
        #expect(try self.json(some).hasSuffix(#""updateMask":{"fieldPaths":["e","x"]}}"#))
    }

    @Test("update names its fields, deletes and transforms some, and wants the document to be there")
    func update() throws {
        let write = try FirestoreWrite.update(
            Self.name,
            [
                "a.b": "x", "c": .delete, "n": .increment(2), "t": .serverTimestamp, "u": .arrayUnion([1]),
                "r": .arrayRemove(["y"]), "m": .transform(.maximum(3)),
            ]
        )
        #expect(
            try self.json(write)
                == #"{"currentDocument":{"exists":true},"#
                + #""update":{"fields":{"a":{"mapValue":{"fields":{"b":{"stringValue":"x"}}}}},\#(Self.at)},"#
                + #""updateMask":{"fieldPaths":["a.b","c"]},"updateTransforms":["#
                + #"{"fieldPath":"m","maximum":{"integerValue":"3"}},{"fieldPath":"n","increment":{"integerValue":"2"}},"#
                + #"{"fieldPath":"r","removeAllFromArray":{"values":[{"stringValue":"y"}]}},"#
                + #"{"fieldPath":"t","setToServerValue":"REQUEST_TIME"},"#
                + #"{"appendMissingElements":{"values":[{"integerValue":"1"}]},"fieldPath":"u"}]}"#
        )
        #expect(write.transformedFields == ["m", "n", "r", "t", "u"])
    }

    @Test("Deletions and preconditions")
    func preconditions() throws {
        let time = FirestoreTimestamp.at("2024-01-02T03:04:05.000006Z")
        let write = FirestoreWrite(name: Self.name, operation: .delete, precondition: .updatedAt(time))
        #expect(
            try self.json(write)
                == #"{"currentDocument":{"updateTime":"2024-01-02T03:04:05.000006Z"},"#
                + #""delete":"projects/p/databases/(default)/documents/users/ada"}"#
        )
    }

    @Test(
        "A field and one within it are not written at once",
        arguments: [["a", "a.b"], ["a.b.c", "a.b"], ["a.b", "a-b", "a.b.c"], ["a..b"], [""]] as [[String]]
    )
    func overlaps(_ paths: [String]) {
        let updates = Dictionary(
            uniqueKeysWithValues: paths.map { (FirestoreFieldPath($0), FirestoreFieldUpdate.delete) }
        )
        let error = #expect(throws: FreshetError.self) { try FirestoreWrite.update(Self.name, updates) }
        #expect(error?.kind == .invalidInput)
    }
}
