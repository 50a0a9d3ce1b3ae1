// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// Documents of a collection, or of all collections of a name: which, in which order, how many.
///
/// It is a value: each change makes another query.
public struct FirestoreQuery: Sendable, FirestoreQueryable {
    /// The database's client.
    public let firestore: Firestore
    /// What is asked for, or why it cannot be.
    package let structured: Result<FirestoreStructuredQuery, FreshetError>

    /// Itself.
    public var query: FirestoreQuery { self }

    func changed(
        _ change: (inout FirestoreStructuredQuery) throws(FreshetError) -> Void
    ) -> FirestoreQuery {
        FirestoreQuery(
            firestore: self.firestore,
            structured: Result { () throws(FreshetError) in
                var query = try self.structured.get()
                try change(&query)
                return query
            }
        )
    }

    /// What is asked for, if it can be.
    package func checked() throws(FreshetError) -> FirestoreStructuredQuery {
        try self.structured.get().checked()
    }
}
