// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// What can be sorted, limited and asked for: a collection, or a query already.
public protocol FirestoreQueryable: Sendable {
    /// The query that it is.
    var query: FirestoreQuery { get }
}

extension FirestoreQueryable {
    /// Only documents with such a value in a field.
    ///
    /// - Parameters:
    ///   - path: the field; ``FirestoreFieldPath/documentID`` is the document itself, compared with texts by its id.
    ///   - compare: how it is compared.
    ///   - value: with what.
    /// - Returns: the query.
    public func `where`(
        _ path: FirestoreFieldPath,
        _ compare: FirestoreOperator,
        _ value: FirestoreValue
    ) -> FirestoreQuery {
        self.where(.field(path, compare, value))
    }

    /// Only documents that pass a filter, and those that are there already.
    ///
    /// - Parameter filter: the filter.
    /// - Returns: the query.
    public func `where`(_ filter: FirestoreFilter) -> FirestoreQuery {
        self.query.changed { $0.filters.append(filter) }
    }

    /// Sorted by a field, after those that are given already. Documents without the field are left out.
    ///
    /// - Parameters:
    ///   - path: the field.
    ///   - direction: upwards or downwards.
    /// - Returns: the query.
    public func order(
        by path: FirestoreFieldPath,
        _ direction: FirestoreOrder.Direction = .ascending
    ) -> FirestoreQuery {
        self.query.changed { $0.explicitOrders.append(FirestoreOrder(path, direction)) }
    }

    /// Only the first ones.
    ///
    /// - Parameter count: how many at most.
    /// - Returns: the query.
    public func limit(_ count: Int) -> FirestoreQuery {
        self.query.changed { ($0.limit, $0.isLimitedToLast) = (count, false) }
    }

    /// Only the last ones, of an order that is given.
    ///
    /// - Parameter count: how many at most.
    /// - Returns: the query.
    public func limit(toLast count: Int) -> FirestoreQuery {
        self.query.changed { ($0.limit, $0.isLimitedToLast) = (count, true) }
    }

    /// Without the first ones, which are read, and paid for, all the same.
    ///
    /// - Parameter count: how many are left out.
    /// - Returns: the query.
    public func offset(_ count: Int) -> FirestoreQuery { self.query.changed { $0.offset = count } }

    /// Only some fields of each document.
    ///
    /// - Parameter fields: which; none: the documents' names alone.
    /// - Returns: the query.
    public func select(_ fields: [FirestoreFieldPath]) -> FirestoreQuery { self.query.changed { $0.selected = fields } }

    /// From the documents with these values on.
    ///
    /// - Parameter values: of the fields that the query is sorted by, in their order.
    /// - Returns: the query.
    public func start(at values: FirestoreValue...) -> FirestoreQuery {
        self.query.changed { $0.start = .init(values: values, isBefore: true) }
    }

    /// From what comes after the documents with these values on.
    ///
    /// - Parameter values: of the fields that the query is sorted by, in their order.
    /// - Returns: the query.
    public func start(after values: FirestoreValue...) -> FirestoreQuery {
        self.query.changed { $0.start = .init(values: values, isBefore: false) }
    }

    /// From a document on. Say first how the query is sorted.
    ///
    /// - Parameter document: the document.
    /// - Returns: the query.
    public func start(at document: FirestoreDocument) -> FirestoreQuery {
        self.query.changed { query throws(FreshetError) in
            query.start = try query.cursor(at: document, isBefore: true)
        }
    }

    /// From what comes after a document on: the next page. Say first how the query is sorted.
    ///
    /// - Parameter document: the last document of the page before.
    /// - Returns: the query.
    public func start(after document: FirestoreDocument) -> FirestoreQuery {
        self.query.changed { query throws(FreshetError) in
            query.start = try query.cursor(at: document, isBefore: false)
        }
    }

    /// To the documents with these values.
    ///
    /// - Parameter values: of the fields that the query is sorted by, in their order.
    /// - Returns: the query.
    public func end(at values: FirestoreValue...) -> FirestoreQuery {
        self.query.changed { $0.end = .init(values: values, isBefore: false) }
    }

    /// To what comes before the documents with these values.
    ///
    /// - Parameter values: of the fields that the query is sorted by, in their order.
    /// - Returns: the query.
    public func end(before values: FirestoreValue...) -> FirestoreQuery {
        self.query.changed { $0.end = .init(values: values, isBefore: true) }
    }

    // MARK: - Asking

    /// The documents, all as they are at one moment.
    ///
    /// - Returns: the documents, in the query's order.
    /// - Throws: `.forbidden`, `.rejected` for what the server takes for no query or has no index for, `.decoding`,
    ///   `.messageTooLarge` beyond the limit of bodies, or why there was no answer.
    public func get() async throws(FreshetError) -> [FirestoreDocument] { try await self.query.documents() }

    /// How many documents there are. They are not read; Firestore asks a price of its own for it.
    ///
    /// - Returns: how many.
    /// - Throws: as ``get()``.
    public func count() async throws(FreshetError) -> Int { try await self.query.counted() }
}
