// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// A value in a document (GraphQL specification, October 2021, 2.9).
package enum GraphQLInput: Sendable, Equatable {
    case variable(String)
    /// The digits as they were written.
    case number(String)
    /// Without its quotes and escapes. A block keeps its indentation: it only has to be the same every time.
    case string(String)
    /// `true`, `false`, `null` or a value of an enumeration.
    case name(String)
    case list([GraphQLInput])
    case object([Member])

    package struct Member: Sendable, Equatable {
        let name: String
        let value: GraphQLInput
    }

    /// The value with the variables put in; nil for a variable that there is not (6.4.1).
    package func value(
        _ variables: [String: JSONValue],
        defaults: [String: GraphQLInput] = [:]
    ) -> JSONValue? {
        switch self {
        case .variable(let name): variables[name] ?? defaults[name]?.value([:])
        case .number(let digits): Int64(digits).map { .integer($0) } ?? Double(digits).map { .number($0) }
        case .string(let text): .string(text)
        case .name("true"): true
        case .name("false"): false
        case .name("null"): .null
        case .name(let name): .string(name)
        case .list(let values): .array(values.map { $0.value(variables, defaults: defaults) ?? .null })
        case .object(let members):
            .object(
                members.reduce(into: [:]) { $0[$1.name] = $1.value.value(variables, defaults: defaults) }
            )
        }
    }
}
