// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Freshet
import FreshetCore
import FreshetFirebase
import FreshetHTTP

extension DocumentURL {
    /// `firestore://project/users/ada`, or `firestore://project/users?where=age>=18&order=age:desc&limit=10`.
    func firestore(_ settings: DocumentSettings) throws(FreshetError) -> DocumentTarget {
        var configuration = FirestoreConfiguration()
        configuration.http = try HTTPConfiguration(settings.webSocket)
        configuration.http.limits.body = FirestoreConfiguration().http.limits.body
        // The waits stay Firestore's own.
        let backoff = configuration.policy.backoff
        configuration.policy = settings.policy
        configuration.policy.backoff = backoff
        configuration.logger = settings.logger
        if let token = settings.token { configuration.credentials = { _ in .bearer(token) } }
        let parts = self.path.split(separator: "/").map(String.init)
        guard !parts.isEmpty else {
            throw FreshetError(
                .invalidInput,
                "the URL names no collection",
                hint: "firestore://project/users, or firestore://project/users/ada"
            )
        }
        let isDocument = parts.count % 2 == 0
        var parameters = self.parameters
        if let index = parameters.firstIndex(where: { $0.name == "database" }) {
            configuration.database = parameters.remove(at: index).value
        }
        guard !isDocument || parameters.isEmpty else {
            throw FreshetError(.invalidInput, "where, order and limit are for collections, and this is a document")
        }
        let firestore = Firestore(project: self.authority, configuration: configuration)
        let path = parts.dropLast(isDocument ? 1 : 0).joined(separator: "/")
        let collection = firestore.collection(path)
        var query = collection.query
        if isDocument, let id = parts.last { query = query.where(.documentID, .equal, .string(id)) }
        for (name, value) in parameters { query = try Self.changed(query, name, value) }
        return DocumentTarget(
            source: self.source,
            documents: collection.documents(coding: .json, matching: query),
            key: isDocument ? parts.last : nil,
            states: { firestore.connectionStates },
            hint: { firestore.hint($0) },
            end: { await firestore.close() }
        )
    }

    private static func changed(
        _ query: FirestoreQuery,
        _ name: String,
        _ value: String
    ) throws(FreshetError) -> FirestoreQuery {
        switch name {
        case "where": return query.where(try Self.filter(value))
        case "order":
            let words = value.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard words.count == 1 || words.count == 2 && ["asc", "desc"].contains(words[1]) else { break }
            return query.order(by: FirestoreFieldPath(words[0]), words.last == "desc" ? .descending : .ascending)
        case "limit":
            guard let count = Int(value) else { break }
            return query.limit(count)
        default: break
        }
        throw Self.unknown(name, hint: "where=age>=18, order=age or order=age:desc, limit=10, database=name")
    }

    /// Those that begin like others stand before them.
    private static let operators: [(text: String, meaning: FirestoreOperator)] = [
        ("==", .equal), ("!=", .notEqual), ("<=", .lessThanOrEqual), (">=", .greaterThanOrEqual), ("<", .lessThan),
        (">", .greaterThan), (" contains ", .arrayContains), (" in ", .isIn),
    ]

    /// `age>=18`; what is not JSON behind the sign is a text.
    private static func filter(_ text: String) throws(FreshetError) -> FirestoreFilter {
        let found = Self.operators.compactMap { sign in text.firstRange(of: sign.text).map { ($0, sign.meaning) } }
        // The first in the text; of those that begin there the longest.
        let first = found.min {
            ($0.0.lowerBound, $1.0.upperBound) < ($1.0.lowerBound, $0.0.upperBound)
        }
        guard let (range, meaning) = first, range.lowerBound > text.startIndex else {
            throw FreshetError(
                .invalidInput,
                "where=\(text) compares nothing",
                hint: #"as in where=age>=18, where=name==Ada, where=tags contains "x", where=n in [1,2]"#
            )
        }
        let right = String(text[range.upperBound...])
        let json = try? JSONDecoder().decode(JSONValue.self, from: Data(right.utf8))
        let value: FirestoreValue = if let json { try FirestoreValue(plain: json) } else { .string(right) }
        return .field(FirestoreFieldPath(String(text[..<range.lowerBound])), meaning, value)
    }
}
