// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetHTTP

/// All documents, as one page.
struct DocumentPage<Documents: DocumentCollection>: RepositoryPages {
    let documents: Documents
    let query: HTTPQuery
    private(set) var isRead = false

    init(documents: Documents, query: HTTPQuery) {
        self.documents = documents
        self.query = query
    }

    mutating func next(isolation: isolated (any Actor)?) async throws(FreshetError) -> [Documents.Value]? {
        guard self.query.items.isEmpty else { throw Self.noQuery }
        guard !self.isRead else { return nil }
        self.isRead = true
        return try await self.documents.list().documents.map(\.value)
    }

    static var noQuery: FreshetError {
        FreshetError(
            .invalidInput,
            "a list of documents takes no query",
            hint: "make the repository of a collection that has the documents which are wanted"
        )
    }
}
