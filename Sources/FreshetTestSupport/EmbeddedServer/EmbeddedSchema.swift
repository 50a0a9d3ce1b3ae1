// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// What the embedded server can be asked for:
///
/// ```graphql
/// type Tick { n: Int!  at: String!  pad: String! }
/// type Event { n: Int!  key: Int! }
/// type Subscription {
///   count(to: Int!): Int!                                       # 1, 2, … as fast as the client takes them
///   ticks(every: Int = 1000, to: Int, bytes: Int = 0): Tick!    # each `every` milliseconds, `pad` has `bytes` bytes
///   events(after: Int, to: Int, every: Int = 1): Event!         # the server's own log, each `every`th of it
/// }
/// ```
///
/// `events` begins with what comes next or, with `after`, with everything that came after that element; it ends with the
/// element `to`. The elements are numbered for the whole server, and those numbers go on after a restart.
struct EmbeddedSchema {
    struct Failure: Error {
        let message: String
        let line: Int
        let column: Int
    }

    static func plan(_ document: GraphQLDocument, variables: [String: JSONValue]) throws(Failure) -> EmbeddedPlan {
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
        let last = try Self.number("to", arguments, field)
        switch field.name {
        case "count":
            guard let last, field.fields.isEmpty else {
                throw Self.failure("Field 'count' needs the argument 'to' and has no subfields.", field)
            }
            return EmbeddedPlan(field: field, last: last, pace: .asTaken)
        case "ticks":
            try Self.checkFields(of: field, type: "Tick", ["n", "at", "pad"])
            let every = try Self.number("every", arguments, field) ?? 1000
            let bytes = try Self.number("bytes", arguments, field) ?? 0
            return EmbeddedPlan(
                field: field,
                last: last,
                pace: every > 0 ? .timed(.milliseconds(every)) : .asTaken,
                pad: String(repeating: "x", count: min(max(bytes, 0), 64 << 20))
            )
        case "events":
            try Self.checkFields(of: field, type: "Event", ["n", "key"])
            let every = try Self.number("every", arguments, field) ?? 1
            return EmbeddedPlan(
                field: field,
                last: last,
                pace: .log(after: try Self.number("after", arguments, field), every: max(every, 1))
            )
        default:
            throw Self.failure("Cannot query field '\(field.name)' on type 'Subscription'.", field)
        }
    }

    private static func checkFields(
        of field: GraphQLDocument.Field,
        type: String,
        _ names: [String]
    ) throws(Failure) {
        guard !field.fields.isEmpty else {
            throw Self.failure("Field '\(field.name)' of type '\(type)!' must have a selection of subfields.", field)
        }
        for inner in field.fields where !names.contains(inner.name) && inner.name != "__typename" {
            throw Self.failure("Cannot query field '\(inner.name)' on type '\(type)'.", inner)
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
