// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import FreshetCore

/// One result with everything the server said: the value, and what went wrong on the way.
public struct GraphQLResponse<Value: Decodable & Sendable>: Sendable {
    /// The value of the subscription's field; nil when the server could not make it.
    public let value: Value?
    /// What went wrong; empty when all is well.
    public let errors: [GraphQLError]

    package init(_ payload: GraphQLPayload) throws(FreshetError) {
        self.errors = payload.errors.map { GraphQLError.list(from: $0.array) } ?? []
        guard let field = try payload.rootField(), !field.elementsEqual("null") else {
            self.value = try? JSONDecoder().decode(Value.self, from: Data("null".utf8))
            return
        }
        do {
            self.value = try field.withBytes { try JSONDecoder().decode(Value.self, from: Data($0)) }
        } catch {
            // Where the server says itself what went wrong, that is the reason for the value's shape.
            guard self.errors.isEmpty else {
                self.value = nil
                return
            }
            throw FreshetError.decoding(error, of: Value.self)
        }
    }

    /// The value, where nothing at all went wrong.
    package func valueOrFailure(_ payload: GraphQLPayload) throws(FreshetError) -> Value {
        if let errors = payload.errors {
            let text = self.errors.map(\.message).joined(separator: "; ")
            throw FreshetError(
                .operationFailed(payload: errors.array),
                "the server could not resolve the subscription: \(text)",
                hint: "subscribe to GraphQLResponse values to get partial results with their errors"
            )
        }
        guard let value = self.value else {
            throw FreshetError(.decoding, "the server sent null where \(Value.self) was expected")
        }
        return value
    }
}
