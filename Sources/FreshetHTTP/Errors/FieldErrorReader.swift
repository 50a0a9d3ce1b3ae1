// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Finds the errors of single fields in what servers answer.
///
/// | shape | who |
/// |---|---|
/// | `errors: [{pointer: "#/title", detail}]`, also `name`/`field` and `reason`/`message` | RFC 9457 3.1, Spring |
/// | `errors: [{source: {pointer: "/data/attributes/title"}, detail, code}]` | JSON:API |
/// | `errors: {title: ["…"]}`, or the same without `errors` around it | Laravel, Rails, ASP.NET, Django |
/// | `detail: [{loc: ["body", "title"], msg, type}]` | FastAPI |
/// | `message: ["title must be …"]` | NestJS |
enum FieldErrorReader {
    static func fieldErrors(in value: JSONValue) -> [FieldError] {
        guard case .object(let members) = value else { return [] }
        for name in ["errors", "invalid-params", "violations", "detail", "fieldErrors"] {
            if let errors = members[name].map(Self.list), !errors.isEmpty { return errors }
        }
        if case .array(let messages)? = members["message"] { return messages.compactMap(Self.sentence) }
        // Django and Rails put nothing around the fields.
        let isBare = members.values.allSatisfy {
            if case .array(let list) = $0 { list.allSatisfy(\.isText) } else { false }
        }
        return isBare ? Self.list(value) : []
    }

    private static func list(_ value: JSONValue) -> [FieldError] {
        switch value {
        case .array(let entries): entries.compactMap(Self.entry)
        case .object(let fields):
            fields.sorted { $0.key < $1.key }.flatMap { field, messages in
                Self.texts(messages).map { FieldError(path: Self.path(field), message: $0) }
            }
        default: []
        }
    }

    private static func texts(_ value: JSONValue) -> [String] {
        switch value {
        case .string(let text): [text]
        case .array(let values): values.flatMap(Self.texts)
        case .object(let members): (members["message"] ?? members["detail"]).map(Self.texts) ?? []
        default: []
        }
    }

    private static func entry(_ value: JSONValue) -> FieldError? {
        guard case .object(let members) = value else { return Self.sentence(value) }
        func text(_ names: String...) -> String? {
            names.lazy.compactMap { members[$0]?.text }.first
        }
        guard let message = text("detail", "reason", "msg", "message", "defaultMessage", "description", "title") else {
            return nil
        }
        return FieldError(path: Self.path(of: members), code: text("code", "type", "rule"), message: message)
    }

    /// "title must be longer": the field is the first word, which is all that NestJS says of it.
    private static func sentence(_ value: JSONValue) -> FieldError? {
        guard case .string(let text) = value, let field = text.split(separator: " ").first else { return nil }
        return FieldError(path: Self.path(String(field)), message: text)
    }

    private static func path(of members: [String: JSONValue]) -> [String] {
        if case .array(let location)? = members["loc"] {
            // The first says where in the request.
            return location.dropFirst().compactMap(\.text)
        }
        var members = members
        if case .object(let source)? = members["source"] { members.merge(source) { $1 } }
        for name in ["pointer", "field", "name", "path", "parameter", "propertyPath", "property"] {
            if let text = members[name]?.text { return Self.path(text) }
            if case .array(let parts)? = members[name] { return parts.compactMap(\.text) }
        }
        return []
    }

    /// A JSON pointer (RFC 6901), or names with dots and brackets.
    private static func path(_ text: String) -> [String] {
        let pointer = text.hasPrefix("#") ? text.dropFirst() : text[...]
        if pointer.hasPrefix("/") {
            let parts = pointer.split(separator: "/").map { part in
                String(part).replacing("~1", with: "/").replacing("~0", with: "~")
            }
            return Array(parts.starts(with: ["data", "attributes"]) ? parts.dropFirst(2) : parts[...])
        }
        // So do Django and Rails name what is wrong with the whole of it.
        guard !["non_field_errors", "__all__", "base"].contains(pointer) else { return [] }
        let parts = pointer.split { $0 == "." || $0 == "[" || $0 == "]" }.map { String($0) }
        // ASP.NET writes JSON paths.
        return Array(parts.first == "$" ? parts.dropFirst() : parts[...])
    }
}

extension JSONValue {
    fileprivate var text: String? {
        switch self {
        case .string(let text): text
        case .integer(let number): String(number)
        default: nil
        }
    }

    fileprivate var isText: Bool { if case .string = self { true } else { false } }
}
