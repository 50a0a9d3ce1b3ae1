// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What the server is told: to add a target, or to remove one.
struct FirestoreListen: Encodable {
    struct Documents: Encodable { let documents: [FirestoreName] }
    struct Query: Encodable { let parent: String, structuredQuery: FirestoreStructuredQuery.JSON }
    struct Target: Encodable {
        let targetId: Int
        var documents: Documents?
        var query: Query?
        var resumeToken: String?
        /// How many documents are held: with it the server says which of them it still has.
        var expectedCount: Int?
    }

    let database: String
    var addTarget: Target?
    var removeTarget: Int?
    var labels: [String: String]?

    /// `why` tells the server's people why it is asked again.
    static func add(
        _ id: Int,
        _ content: FirestoreTarget.Content,
        from token: String?,
        holding count: Int,
        why: String?
    ) -> Self {
        var target = Target(targetId: id)
        let database: String
        switch content {
        case .document(let name):
            target.documents = Documents(documents: [name])
            database = name.database
        case .query(let query):
            target.query = Query(parent: query.resource, structuredQuery: query.json)
            database = query.database
        }
        if let token { (target.resumeToken, target.expectedCount) = (token, count) }
        return FirestoreListen(database: database, addTarget: target, labels: why.map { ["goog-listen-tags": $0] })
    }

    static func remove(_ id: Int, in database: String) -> Self { FirestoreListen(database: database, removeTarget: id) }

    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Texts and numbers can always be written; a double that is none is a text by then.
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

extension FirestoreTarget.Content {
    var database: String {
        switch self {
        case .document(let name): name.database
        case .query(let query): query.database
        }
    }
}
