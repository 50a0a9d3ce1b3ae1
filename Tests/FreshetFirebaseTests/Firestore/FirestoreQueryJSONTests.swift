// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import Testing

@testable import FreshetFirebase

/// What a query asks for, as the REST API and watches take it.
struct FirestoreQueryJSONTests {
    private func query(_ change: (inout FirestoreStructuredQuery) -> Void = { _ in }) throws -> FirestoreStructuredQuery
    {
        var query = FirestoreStructuredQuery(database: "projects/p/databases/d", parent: nil, collectionID: "users")
        change(&query)
        return query
    }

    private func json(_ query: FirestoreStructuredQuery) throws -> String {
        try FirestoreValueTests.written(query.json)
    }

    private static let byName = #"{"direction":"ASCENDING","field":{"fieldPath":"__name__"}}"#

    @Test("A collection is sorted by the documents' names")
    func plain() throws {
        #expect(try self.json(self.query()) == #"{"from":[{"collectionId":"users"}],"orderBy":[\#(Self.byName)]}"#)
        #expect(try self.query().resource == "projects/p/databases/d/documents")
        let group = FirestoreStructuredQuery(database: "d", parent: nil, collectionID: "letters", isGroup: true)
        #expect(try self.json(group).contains(#""from":[{"allDescendants":true,"collectionId":"letters"}]"#))
    }

    @Test("Fields that are compared by more than equality sort too, then the name, in the last direction")
    func implicitOrder() throws {
        let query = try self.query {
            $0.filters = [.field("z", .greaterThan, 1), .any([.field("b.c", .notEqual, 2), .field("q", .equal, 3)])]
            $0.explicitOrders = [FirestoreOrder("x", .descending)]
        }
        #expect(query.orders.map(\.path.description) == ["x", "b.c", "z", "__name__"])
        #expect(query.orders.allSatisfy { $0.direction == .descending })
        let byName = try self.query { $0.filters = [.field(.documentID, .greaterThan, "a")] }
        #expect(byName.orders.map(\.path) == [.documentID])
    }

    @Test("Filters: fields, null and what is not a number, and, or")
    func filters() throws {
        func filter(_ filter: FirestoreFilter) throws -> String {
            try FirestoreValueTests.written(filter.json { $0 })
        }
        #expect(
            try filter(.field("a b", .lessThanOrEqual, 1))
                == #"{"fieldFilter":{"field":{"fieldPath":"`a b`"},"op":"LESS_THAN_OR_EQUAL","value":{"integerValue":"1"}}}"#
        )
        #expect(try filter(.field("a", .equal, nil)) == #"{"unaryFilter":{"field":{"fieldPath":"a"},"op":"IS_NULL"}}"#)
        #expect(
            try filter(.field("a", .notEqual, .double(.nan)))
                == #"{"unaryFilter":{"field":{"fieldPath":"a"},"op":"IS_NOT_NAN"}}"#
        )
        let inner = #"{"unaryFilter":{"field":{"fieldPath":"a"},"op":"IS_NULL"}}"#
        #expect(
            try filter(.any([.field("a", .equal, nil), .all([.field("a", .equal, nil)])]))
                == #"{"compositeFilter":{"filters":[\#(inner),\#(inner)],"op":"OR"}}"#
        )
    }

    @Test("Texts that are compared with the document stand for its name")
    func documentNames() throws {
        let query = try self.query { $0.filters = [.field(.documentID, .isIn, ["a", "b"])] }
        let json = try self.json(query)
        #expect(json.contains(#"{"referenceValue":"projects/p/databases/d/documents/users/a"}"#))
        #expect(json.contains(#"{"referenceValue":"projects/p/databases/d/documents/users/b"}"#))
    }

    @Test("The last ones are asked for in the opposite order, with the cursors exchanged")
    func lastOnes() throws {
        let query = try self.query {
            $0.explicitOrders = [FirestoreOrder("n")]
            $0.limit = 2
            $0.isLimitedToLast = true
            $0.start = .init(values: [1], isBefore: true)
            $0.end = .init(values: [9], isBefore: true)
        }
        #expect(
            try self.json(query)
                == #"{"endAt":{"before":false,"values":[{"integerValue":"1"}]},"from":[{"collectionId":"users"}],"limit":2,"#
                + #""orderBy":[{"direction":"DESCENDING","field":{"fieldPath":"n"}},"#
                + #"{"direction":"DESCENDING","field":{"fieldPath":"__name__"}}],"#
                + #""startAt":{"before":false,"values":[{"integerValue":"9"}]}}"#
        )
    }

    @Test("A cursor at a document has the values that the query is sorted by")
    func cursorAtDocument() throws {
        let name = FirestoreName.sample("users/ada")
        let time = FirestoreTimestamp.at("1970-01-01T00:00:00Z")
        let document = FirestoreDocument(name: name, fields: ["m": ["n": 5]], createTime: time, updateTime: time)
        let query = try self.query { $0.explicitOrders = [FirestoreOrder("m.n")] }
        #expect(try query.cursor(at: document, isBefore: true).values == [5, .reference(name)])
        let other = try self.query { $0.explicitOrders = [FirestoreOrder("missing")] }
        #expect(throws: FreshetError.self) { try other.cursor(at: document, isBefore: true) }
    }

    @Test("What no query can be is refused here")
    func refused() throws {
        for change: (inout FirestoreStructuredQuery) -> Void in [
            { $0.limit = 0 }, { $0.limit = -1 }, { $0.offset = -1 }, { $0.limit = Int(Int32.max) + 1 },
            {
                $0.limit = 1
                $0.isLimitedToLast = true
            },
            { $0.start = .init(values: [1, 2], isBefore: true) },
        ] {
            let query = try self.query(change)
            #expect(throws: FreshetError.self) { try query.checked() }
        }
    }

    @Test(
        "Names of fields are quoted where they need it",
        arguments: [
            (["a", "b_1"], "a.b_1"), (["1a"], "`1a`"), (["a.b", "c"], "`a.b`.c"), (["a`b\\c"], "`a\\`b\\\\c`"),
            ([""], "``"), (["é"], "`é`"),
        ]
    )
    func fieldPaths(_ names: [String], _ text: String) {
        #expect(FirestoreFieldPath(names).description == text)
    }
}
