// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What a query asks for, apart from who asks.
package struct FirestoreStructuredQuery: Sendable, Hashable {
    /// Where documents begin or end, in the order of the query.
    package struct Cursor: Sendable, Hashable {
        package var values: [FirestoreValue]
        /// Whether it is before the documents with these values, or after them.
        package var isBefore: Bool
    }

    /// `projects/my-app/databases/(default)`.
    package let database: String
    /// The document that the collection is in; nil: none.
    package let parent: FirestorePath?
    /// The collection's last part.
    package let collectionID: String
    /// Whether collections of this name are meant wherever they are.
    package let isGroup: Bool

    package var filters: [FirestoreFilter] = []
    package var explicitOrders: [FirestoreOrder] = []
    package var limit: Int?
    /// Whether the limit counts from the end: then the server is asked in the opposite order.
    package var isLimitedToLast = false
    package var offset = 0
    package var start: Cursor?
    package var end: Cursor?
    /// Only these fields; nil: all.
    package var selected: [FirestoreFieldPath]?

    init(database: String, parent: FirestorePath?, collectionID: String, isGroup: Bool = false) {
        self.database = database
        self.parent = parent
        self.collectionID = collectionID
        self.isGroup = isGroup
    }

    /// The resource in which the query is run: `projects/my-app/databases/(default)/documents`, or a document.
    package var resource: String {
        "\(self.database)/documents\(self.parent.map { "/\($0.description)" } ?? "")"
    }

    /// The same in a URL.
    var encodedResource: String { "\(self.database)/documents\(self.parent.map { "/\($0.encoded)" } ?? "")" }

    /// The order that the documents have, complete: whoever sorts them here must sort them so.
    ///
    /// What is not said follows from the rest: fields that are compared by more than equality, by their names, and then the
    /// document's own name, in the direction of the last.
    package var orders: [FirestoreOrder] {
        var orders = self.explicitOrders
        let last = orders.last?.direction ?? .ascending
        let compared = Set(self.filters.flatMap(\.inequalityFields)).subtracting(orders.map(\.path) + [.documentID])
        for path in compared.sorted(by: { $0.description < $1.description }) {
            orders.append(FirestoreOrder(path, last))
        }
        if !orders.contains(where: { $0.path == .documentID }) { orders.append(FirestoreOrder(.documentID, last)) }
        return orders
    }

    /// A cursor at a document.
    ///
    /// - Throws: `.invalidInput` when the document does not have a field that the query is sorted by.
    package func cursor(at document: FirestoreDocument, isBefore: Bool) throws(FreshetError) -> Cursor {
        var values: [FirestoreValue] = []
        for order in self.orders {
            if order.path == .documentID {
                values.append(.reference(document.name))
            } else if let value = document[order.path] {
                values.append(value)
            } else {
                throw FreshetError(
                    .invalidInput,
                    "the document \(document.path) has no field \(order.path), by which the query is sorted"
                )
            }
        }
        return Cursor(values: values, isBefore: isBefore)
    }

    /// - Throws: `.invalidInput` for what no query can be.
    package func checked() throws(FreshetError) -> FirestoreStructuredQuery {
        if let limit, limit < 1 || limit > Int32.max {
            throw FreshetError(.invalidInput, "a query's limit is 1 at least", hint: "leave it out for all documents")
        }
        if self.offset < 0 || self.offset > Int32.max { throw FreshetError(.invalidInput, "an offset is not below 0") }
        if self.isLimitedToLast, self.explicitOrders.isEmpty {
            throw FreshetError(.invalidInput, "the last documents are those of an order", hint: "say .order(by:) too")
        }
        let orders = self.orders.count
        for cursor in [self.start, self.end] {
            guard let count = cursor?.values.count, count > orders else { continue }
            throw FreshetError(
                .invalidInput,
                "a cursor with \(count) values, where the query is sorted by \(orders) fields",
                hint: "say .order(by:) for each of them"
            )
        }
        return self
    }
}

// MARK: - JSON

extension FirestoreStructuredQuery {
    /// As the REST API and watches take it.
    package struct JSON: Encodable {
        struct From: Encodable { let collectionId: String, allDescendants: Bool? }
        struct Order: Encodable { let field: FirestoreFieldJSON, direction: String }
        struct Projection: Encodable { let fields: [FirestoreFieldJSON] }
        struct Bound: Encodable { let values: [FirestoreValue], before: Bool }

        var select: Projection?
        let from: [From]
        var `where`: FirestoreFilter.JSON?
        let orderBy: [Order]
        var startAt: Bound?
        var endAt: Bound?
        var offset: Int?
        var limit: Int?
    }

    package var json: JSON {
        // The last ones are the first ones in the opposite order.
        let isReversed = self.isLimitedToLast
        let orders = self.orders.map { order in
            JSON.Order(
                field: FirestoreFieldJSON(order.path),
                direction: (isReversed ? order.direction.reversed : order.direction).rawValue
            )
        }
        let (start, end) = isReversed ? (self.end, self.start) : (self.start, self.end)
        return JSON(
            select: self.selected.map { JSON.Projection(fields: ($0.isEmpty ? [.documentID] : $0).map { .init($0) }) },
            from: [JSON.From(collectionId: self.collectionID, allDescendants: self.isGroup ? true : nil)],
            where: self.filters.isEmpty ? nil : FirestoreFilter.all(self.filters).json(self.named),
            orderBy: orders,
            startAt: start.map { self.bound($0, isReversed: isReversed) },
            endAt: end.map { self.bound($0, isReversed: isReversed) },
            offset: self.offset == 0 ? nil : self.offset,
            limit: self.limit
        )
    }

    private func bound(_ cursor: Cursor, isReversed: Bool) -> JSON.Bound {
        let values = zip(self.orders, cursor.values).map { $0.path == .documentID ? self.named($1) : $1 }
        return JSON.Bound(values: values, before: isReversed ? !cursor.isBefore : cursor.isBefore)
    }

    /// Texts that are compared with the document itself stand for its name: below the collection, or in a group below the
    /// database.
    private func named(_ value: FirestoreValue) -> FirestoreValue {
        switch value {
        case .string(let text):
            let below = self.isGroup ? self.resource : "\(self.resource)/\(self.collectionID)"
            return FirestoreName("\(below)/\(text)").map { .reference($0) } ?? value
        case .array(let values): return .array(values.map { self.named($0) })
        default: return value
        }
    }
}
