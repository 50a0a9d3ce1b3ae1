// SPDX-License-Identifier: Apache-2.0

package import Freshet
package import FreshetCore
import FoundationEssentials

/// An operation: what goes over the wire as the payload of `subscribe`, and how its elements are recognised.
package struct GraphQLRequest: Sendable, Hashable {
    package var query: String
    package var operationName: String?
    package var variables: [String: JSONValue]?
    package var extensions: JSONValue?
    package var kind = OperationKind.subscription
    /// The variable that says where to go on.
    package var cursorVariable: String?
    /// Where an element's key and position are, below `data`.
    package var keyPath: JSONPath?
    package var positionPath: JSONPath?

    package init(query: String, operationName: String? = nil, variables: [String: JSONValue] = [:]) {
        self.query = query
        self.operationName = operationName
        self.variables = variables.isEmpty ? nil : variables
    }

    /// The request that goes on from there.
    func from(_ position: Position?) -> GraphQLRequest {
        guard let position, let variable = self.cursorVariable else { return self }
        var request = self
        request.variables = (self.variables ?? [:]).merging([variable: position.value]) { $1 }
        return request
    }

    /// The key and position of one of its elements.
    package func mark(of payload: Bytes) -> UpdateMark? {
        guard let positionPath = self.positionPath else { return nil }
        let position = positionPath.find(in: payload).flatMap { JSONValue(scalar: $0) }
        let key = self.keyPath.map { path in path.find(in: payload).flatMap { JSONValue(scalar: $0) } } ?? position
        return UpdateMark(key: key, position: position.map { Position($0) })
    }
}

extension GraphQLRequest: Encodable {
    private enum CodingKeys: CodingKey {
        case query, operationName, variables, extensions
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        // Without one, the extensions say which the server knows already.
        if !self.query.isEmpty { try members.encode(self.query, forKey: .query) }
        try members.encodeIfPresent(self.operationName, forKey: .operationName)
        try members.encodeIfPresent(self.variables, forKey: .variables)
        try members.encodeIfPresent(self.extensions, forKey: .extensions)
    }
}
