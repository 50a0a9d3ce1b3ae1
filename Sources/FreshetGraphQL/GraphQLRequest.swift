// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
import FoundationEssentials

/// An operation as it goes over the wire: the payload of `subscribe`.
package struct GraphQLRequest: Sendable, Hashable, Encodable {
    package var query: String
    package var operationName: String?
    package var variables: [String: JSONValue]?

    package init(query: String, operationName: String? = nil, variables: [String: JSONValue] = [:]) {
        self.query = query
        self.operationName = operationName
        self.variables = variables.isEmpty ? nil : variables
    }
}
