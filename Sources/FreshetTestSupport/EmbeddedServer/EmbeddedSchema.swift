// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetGraphQL

/// What the embedded server can be asked for:
///
/// ```graphql
/// type Tick { n: Int!  at: String!  pad: String! }
/// type Event { n: Int!  key: Int!  k: Int! }
/// type Subscription {
///   count(to: Int!): Int!                                       # 1, 2, … as fast as the client takes them
///   ticks(every: Int = 1000, to: Int, bytes: Int = 0): Tick!    # each `every` milliseconds, `pad` has `bytes` bytes
///   events(after: Int, to: Int, every: Int = 1, as: String): Event!    # the server's own log, each `every`th of it
/// }
/// ```
///
/// `events` begins with what comes next or, with `after`, with everything that came after that element; it ends with the
/// element `to`. The elements are numbered for the whole server, and those numbers go on after a restart.
struct EmbeddedSchema {
    typealias Failure = GraphQLDocument.Failure

    private let document: GraphQLDocument

    static func plan(_ document: GraphQLDocument, variables: [String: JSONValue]) throws(Failure) -> EmbeddedPlan {
        try EmbeddedSchema(document: document).plan(variables)
    }

    private func plan(_ variables: [String: JSONValue]) throws(Failure) -> EmbeddedPlan {
        guard let operation = self.document.operations.first, operation.kind == .subscription else {
            throw self.document.failure("Only subscriptions are served here.", at: 0)
        }
        let roots = try self.fields(operation.selections)
        guard let field = roots.first, roots.count == 1 else {
            let second = roots.dropFirst().first?.offset ?? 0
            throw self.document.failure("A subscription must select only one top level field.", at: second)
        }
        let fields = try self.fields(field.selections)
        let arguments = field.arguments.reduce(into: [:]) {
            $0[$1.name] = $1.value.value(variables, defaults: operation.defaults)
        }
        let last = try self.number("to", arguments, field)
        switch field.name {
        case "count":
            guard let last, fields.isEmpty else {
                throw self.failure("Field 'count' needs the argument 'to' and has no subfields.", field)
            }
            return EmbeddedPlan(field: field, fields: [], last: last, pace: .asTaken)
        case "ticks":
            try self.check(fields, of: field, type: "Tick", ["n", "at", "pad"])
            let every = try self.number("every", arguments, field) ?? 1000
            let bytes = try self.number("bytes", arguments, field) ?? 0
            return EmbeddedPlan(
                field: field,
                fields: fields,
                last: last,
                pace: every > 0 ? .timed(.milliseconds(every)) : .asTaken,
                pad: String(repeating: "x", count: min(max(bytes, 0), 64 << 20))
            )
        case "events":
            try self.check(fields, of: field, type: "Event", ["n", "key", "k"])
            let every = try self.number("every", arguments, field) ?? 1
            return EmbeddedPlan(
                field: field,
                fields: fields,
                last: last,
                pace: .log(after: try self.number("after", arguments, field), every: max(every, 1)),
                name: Self.text(arguments["as"])
            )
        default:
            throw self.failure("Cannot query field '\(field.name)' on type 'Subscription'.", field)
        }
    }

    private func fields(_ selections: [GraphQLDocument.Selection]) throws(Failure) -> [GraphQLDocument.Field] {
        var fields: [GraphQLDocument.Field] = []
        for selection in selections {
            guard case .field(let field) = selection else {
                throw self.document.failure("Fragments are not served here.", at: 0)
            }
            fields.append(field)
        }
        return fields
    }

    private func check(
        _ fields: [GraphQLDocument.Field],
        of field: GraphQLDocument.Field,
        type: String,
        _ names: [String]
    ) throws(Failure) {
        guard !fields.isEmpty else {
            throw self.failure("Field '\(field.name)' of type '\(type)!' must have a selection of subfields.", field)
        }
        for inner in fields where !names.contains(inner.name) && inner.name != "__typename" {
            throw self.failure("Cannot query field '\(inner.name)' on type '\(type)'.", inner)
        }
    }

    private func number(
        _ name: String,
        _ arguments: [String: JSONValue],
        _ field: GraphQLDocument.Field
    ) throws(Failure) -> Int? {
        switch arguments[name] ?? .null {
        case .null: return nil
        case .integer(let value): return Int(value)
        default: throw self.failure("Int cannot represent the value of argument '\(name)'.", field)
        }
    }

    private static func text(_ value: JSONValue?) -> String? {
        if case .string(let text) = value { text } else { nil }
    }

    private func failure(_ message: String, _ field: GraphQLDocument.Field) -> Failure {
        self.document.failure(message, at: field.offset)
    }
}
