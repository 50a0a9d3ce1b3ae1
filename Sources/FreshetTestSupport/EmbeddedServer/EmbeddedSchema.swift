// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// What the embedded server can be asked for:
///
/// ```graphql
/// type Tick { n: Int!  at: String!  pad: String! }
/// type Subscription {
///   count(to: Int!): Int!                                       # 1, 2, … as fast as the client takes them
///   ticks(every: Int = 1000, to: Int, bytes: Int = 0): Tick!    # each `every` milliseconds, `pad` has `bytes` bytes
/// }
/// ```
struct EmbeddedSchema {
    struct Failure: Error {
        let message: String
        let line: Int
        let column: Int
    }

    /// What a subscription produces.
    struct Plan {
        fileprivate let field: GraphQLDocument.Field
        /// nil: for ever.
        let last: Int?
        /// nil: as fast as the client takes them.
        let interval: Duration?
        fileprivate let pad: String

        /// The payload of value `n`.
        func payload(_ n: Int, at now: Date) -> String {
            guard self.field.name == "ticks" else { return #"{"data":{"\#(self.field.key)":\#(n)}}"# }
            let members = self.field.fields.map { field in
                switch field.name {
                case "n": "\"\(field.key)\":\(n)"
                case "at": "\"\(field.key)\":\"\(now.formatted(Self.timeStyle))\""
                case "pad": "\"\(field.key)\":\"\(self.pad)\""
                default: "\"\(field.key)\":\"Tick\""
                }
            }
            return #"{"data":{"\#(self.field.key)":{\#(members.joined(separator: ","))}}}"#
        }

        private static let timeStyle = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    }

    static func plan(_ document: GraphQLDocument, variables: [String: JSONValue]) throws(Failure) -> Plan {
        guard document.kind == "subscription", let field = document.fields.first else {
            throw Failure(message: "Only subscriptions are served here.", line: 1, column: 1)
        }
        guard document.fields.count == 1 else {
            throw Self.failure("A subscription must select only one top level field.", document.fields[1])
        }
        let arguments = field.arguments.mapValues { value in
            switch value {
            case .literal(let literal): literal
            case .variable(let name): variables[name] ?? document.defaults[name] ?? .null
            }
        }
        switch field.name {
        case "count":
            guard let last = try Self.number("to", arguments, field), field.fields.isEmpty else {
                throw Self.failure("Field 'count' needs the argument 'to' and has no subfields.", field)
            }
            return Plan(field: field, last: last, interval: nil, pad: "")
        case "ticks":
            guard !field.fields.isEmpty else {
                throw Self.failure("Field 'ticks' of type 'Tick!' must have a selection of subfields.", field)
            }
            for inner in field.fields where !["n", "at", "pad", "__typename"].contains(inner.name) {
                throw Self.failure("Cannot query field '\(inner.name)' on type 'Tick'.", inner)
            }
            let every = try Self.number("every", arguments, field) ?? 1000
            let bytes = try Self.number("bytes", arguments, field) ?? 0
            return Plan(
                field: field,
                last: try Self.number("to", arguments, field),
                interval: every > 0 ? .milliseconds(every) : nil,
                pad: String(repeating: "x", count: min(max(bytes, 0), 64 << 20))
            )
        default:
            throw Self.failure("Cannot query field '\(field.name)' on type 'Subscription'.", field)
        }
    }

    private static func number(
        _ name: String,
        _ arguments: [String: JSONValue],
        _ field: GraphQLDocument.Field
    ) throws(Failure) -> Int? {
        switch arguments[name] ?? .null {
        case .null: return nil
        case .integer(let value): return Int(value)
        default: throw Self.failure("Int cannot represent the value of argument '\(name)'.", field)
        }
    }

    private static func failure(_ message: String, _ field: GraphQLDocument.Field) -> Failure {
        Failure(message: message, line: field.line, column: field.column)
    }
}
