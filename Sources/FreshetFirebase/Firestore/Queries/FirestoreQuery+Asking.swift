// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What the REST API is asked, and answers.
extension FirestoreQuery {
    private struct Question: Encodable { let structuredQuery: FirestoreStructuredQuery.JSON }
    private struct Answer: Decodable { let document: FirestoreDocument? }

    func documents() async throws(FreshetError) -> [FirestoreDocument] {
        let query = try self.checked()
        let answers = try await self.firestore.http.ask(
            "\(query.encodedResource):runQuery",
            Question(structuredQuery: query.json),
            as: Answer.self
        )
        let documents = answers.compactMap(\.document)
        return query.isLimitedToLast ? documents.reversed() : documents
    }

    private struct Empty: Encodable {}
    private struct Aggregation: Encodable { let alias = "count", count = Empty() }
    private struct Aggregated: Encodable {
        let structuredQuery: FirestoreStructuredQuery.JSON
        let aggregations = [Aggregation()]
    }
    private struct CountQuestion: Encodable { let structuredAggregationQuery: Aggregated }
    private struct CountAnswer: Decodable {
        struct Result: Decodable { let aggregateFields: [String: FirestoreValue]? }
        let result: Result?
    }

    func counted() async throws(FreshetError) -> Int {
        let query = try self.checked()
        let answers = try await self.firestore.http.ask(
            "\(query.encodedResource):runAggregationQuery",
            CountQuestion(structuredAggregationQuery: Aggregated(structuredQuery: query.json)),
            as: CountAnswer.self
        )
        for answer in answers {
            if case .integer(let count)? = answer.result?.aggregateFields?["count"] { return Int(count) }
        }
        throw FreshetError(.decoding, "the answer has no count")
    }
}
