// SPDX-License-Identifier: Apache-2.0

import Freshet
package import FreshetCore

/// One operation of a document, with its variables: what a result answers.
package struct GraphQLOperation: Sendable {
    package let document: GraphQLDocument
    package let variables: [String: JSONValue]
    let definition: GraphQLDocument.Operation

    /// Finds the operation.
    ///
    /// - Throws: `.invalidInput` when the document has none of that name, or several and there is no name (6.1).
    package init(
        _ document: GraphQLDocument,
        named name: String? = nil,
        variables: [String: JSONValue] = [:]
    ) throws(FreshetError) {
        let found = name == nil ? document.operations : document.operations.filter { $0.name == name }
        guard let definition = found.first, found.count == 1 else {
            throw FreshetError(
                .invalidInput,
                name.map { "the document has no operation named '\($0)'" }
                    ?? "the document has \(found.count) operations, and it was not said which",
                hint: "give the operation's name"
            )
        }
        self.document = document
        self.variables = variables
        self.definition = definition
    }

    /// The operation of a request.
    ///
    /// - Throws: `.invalidInput` for what is no document, or has no such operation.
    init(of request: GraphQLRequest) throws(FreshetError) {
        var documents = GraphQLDocuments()
        try self.init(
            try documents.document(request.query),
            named: request.operationName,
            variables: request.variables ?? [:]
        )
    }

    /// Whether `@skip` and `@include` let a selection be there (3.13).
    func isIncluded(_ conditions: [GraphQLDocument.Condition]) -> Bool {
        conditions.allSatisfy { condition in
            let value = condition.value.value(self.variables, defaults: self.definition.defaults)
            return condition.isSkip ? value != true : value == true
        }
    }

    /// What a field is stored by: its name, and its arguments in the order of their names.
    func storageKey(of field: GraphQLDocument.Field) -> String {
        let arguments = field.arguments.compactMap { argument in
            self.text(of: argument.value).map { (argument.name, $0) }
        }
        return arguments.isEmpty ? field.name : field.name + "(" + Self.joined(arguments) + ")"
    }

    private static func joined(_ members: [(name: String, text: String)]) -> String {
        members.sorted { $0.name < $1.name }.map { "\($0.name):\($0.text)" }.joined(separator: ",")
    }

    /// The value in one spelling. A variable that there is not is as if it had not been written (6.4.1).
    private func text(of input: GraphQLInput) -> String? {
        switch input {
        case .variable(let name):
            if let value = self.variables[name] { return Self.text(of: value) }
            return self.definition.defaults[name].flatMap { self.text(of: $0) }
        case .number(let digits): return digits
        case .string(let text): return Self.quoted(text)
        case .name(let name): return ["true", "false", "null"].contains(name) ? name : Self.quoted(name)
        case .list(let values): return "[" + values.map { self.text(of: $0) ?? "null" }.joined(separator: ",") + "]"
        case .object(let members):
            let texts = members.compactMap { member in self.text(of: member.value).map { (member.name, $0) } }
            return "{" + Self.joined(texts) + "}"
        }
    }

    private static func text(of value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .number(let value): String(value)
        case .string(let text): Self.quoted(text)
        case .array(let values): "[" + values.map { Self.text(of: $0) }.joined(separator: ",") + "]"
        case .object(let members): "{" + Self.joined(members.map { ($0.key, Self.text(of: $0.value)) }) + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) else {
            return "\"\(text)\""
        }
        return "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
