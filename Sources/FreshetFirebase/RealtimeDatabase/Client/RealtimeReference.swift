// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// A place in a database, and which of its children are asked for.
public struct RealtimeReference: Sendable {
    let database: RealtimeDatabase
    var target: RealtimeTarget

    /// The keys that lead there, with slashes between them.
    public var path: String { self.target.path.keys.joined(separator: "/") }

    /// The last of them; nil of the root.
    public var key: String? { self.target.path.keys.last }

    /// A place below.
    ///
    /// - Parameter path: the keys that lead there from here.
    /// - Returns: the place.
    public func child(_ path: String) -> RealtimeReference {
        RealtimeReference(
            database: self.database,
            target: RealtimeTarget(self.target.path.appending(RealtimePath(path)))
        )
    }

    /// The place above; nil of the root.
    public var parent: RealtimeReference? {
        guard !self.target.path.keys.isEmpty else { return nil }
        let path = RealtimePath(keys: Array(self.target.path.keys.dropLast()))
        return RealtimeReference(database: self.database, target: RealtimeTarget(path))
    }

    /// A place below with a key that is new, and comes after those that are there. Nothing is written by this.
    ///
    /// - Returns: the place.
    public func newChild() -> RealtimeReference { self.child(self.database.newKey()) }

    // MARK: - Queries

    /// The children, in another order than that of their priorities.
    ///
    /// - Parameter order: by what.
    /// - Returns: the query.
    public func ordered(by order: RealtimeOrder) -> RealtimeReference { self.with { $0.order = order } }

    /// Only children from a value on.
    ///
    /// - Parameter value: what they are ordered by is this, or comes after it: a text, a number, true, false or null.
    /// - Returns: the query.
    public func starting(at value: JSONValue) -> RealtimeReference {
        self.with { $0.start = RealtimeQuery.Bound(value, isInclusive: true) }
    }

    /// Only children after a value.
    ///
    /// - Parameter value: what they are ordered by comes after this.
    /// - Returns: the query.
    public func starting(after value: JSONValue) -> RealtimeReference {
        self.with { $0.start = RealtimeQuery.Bound(value, isInclusive: false) }
    }

    /// Only children up to a value.
    ///
    /// - Parameter value: what they are ordered by is this, or comes before it.
    /// - Returns: the query.
    public func ending(at value: JSONValue) -> RealtimeReference {
        self.with { $0.end = RealtimeQuery.Bound(value, isInclusive: true) }
    }

    /// Only children before a value.
    ///
    /// - Parameter value: what they are ordered by comes before this.
    /// - Returns: the query.
    public func ending(before value: JSONValue) -> RealtimeReference {
        self.with { $0.end = RealtimeQuery.Bound(value, isInclusive: false) }
    }

    /// Only children of a value.
    ///
    /// - Parameter value: what they are ordered by is this.
    /// - Returns: the query.
    public func equal(to value: JSONValue) -> RealtimeReference { self.starting(at: value).ending(at: value) }

    /// Only the first children.
    ///
    /// - Parameter count: how many at most.
    /// - Returns: the query.
    public func limited(toFirst count: Int) -> RealtimeReference {
        self.with { $0.limit = RealtimeQuery.Limit(count, isFromEnd: false) }
    }

    /// Only the last children.
    ///
    /// - Parameter count: how many at most.
    /// - Returns: the query.
    public func limited(toLast count: Int) -> RealtimeReference {
        self.with { $0.limit = RealtimeQuery.Limit(count, isFromEnd: true) }
    }

    private func with(_ change: (inout RealtimeQuery) -> Void) -> RealtimeReference {
        var reference = self
        change(&reference.target.query)
        return reference
    }

    func check() throws(FreshetError) {
        try self.target.path.check()
        try self.target.query.check()
    }
}
