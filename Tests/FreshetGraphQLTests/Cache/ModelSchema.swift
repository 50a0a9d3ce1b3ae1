// SPDX-License-Identifier: Apache-2.0

import FreshetTestSupport

/// A small schema with a world of objects behind it, documents by chance, and what a server would answer to them.
///
/// ```graphql
/// interface Named { id name(n: Int): String! }
/// type Item implements Named { id price flag tags name(n: Int) owner: Person size: Size related(n: Int): [Item] }
/// type Person implements Named { id name(n: Int) friends(n: Int): [Person] likes: [Item | Person] sizes: [Size] }
/// type Size { w h }
/// type Query { item(n: Int): Item  person(n: Int): Person  things(n: Int): [Item | Person]  size: Size }
/// ```
struct ModelSchema {
    indirect enum Selection {
        case field(name: String, argument: Int?, [Selection])
        case fragment(type: String, [Selection])
    }

    private struct Found {
        let name: String
        let argument: Int?
        var selections: [Selection]
    }

    private static let leaves = [
        "Item": ["id", "price", "flag", "tags", "name"], "Person": ["id", "name"], "Size": ["w", "h"], "Query": [],
        "Named": ["name"],
    ]
    private static let branches = [
        "Item": ["owner", "size", "related"], "Person": ["friends", "likes", "sizes"], "Size": [], "Named": [],
        "Query": ["item", "person", "things", "size"],
    ]
    private static let withArgument: Set = ["name", "related", "friends", "item", "person", "things"]
    private static let conditions = ["Item", "Person", "Named"]

    // MARK: - Documents

    static func document(_ random: inout SeededRandom) -> [Selection] {
        self.selections(of: "Query", depth: 4, &random)
    }

    private static func selections(of type: String, depth: Int, _ random: inout SeededRandom) -> [Selection] {
        var selections: [Selection] = []
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let isLeaf = depth == 0 || Bool.random(using: &random)
            let names = (isLeaf ? self.leaves[type] : self.branches[type]) ?? []
            if type != "Query", type != "Size", depth > 0, Int.random(in: 0..<4, using: &random) == 0 {
                let condition = self.conditions.randomElement(using: &random) ?? type
                selections.append(
                    .fragment(type: condition, self.selections(of: condition, depth: depth - 1, &random))
                )
            } else if let name = names.randomElement(using: &random) {
                let argument =
                    self.withArgument.contains(name) && Bool.random(using: &random)
                    ? Int.random(in: 0..<3, using: &random) : nil
                var inner = self.type(of: name).map { self.selections(of: $0, depth: depth - 1, &random) } ?? []
                // The same list in one result should always be the same.
                if name == "sizes" { inner = ["w", "h"].map { .field(name: $0, argument: nil, []) } }
                selections.append(.field(name: name, argument: argument, inner))
            }
        }
        // Lists of objects without keys are replaced, not merged, so that a later result can make an earlier one incomplete.
        let identity = type == "Query" || type == "Size" ? ["__typename"] : ["__typename", "id"]
        return identity.map { .field(name: $0, argument: nil, []) } + selections
    }

    /// Of what a field's selection is made; nil: it has none.
    private static func type(of field: String) -> String? {
        switch field {
        case "owner", "person", "friends": "Person"
        case "size", "sizes": "Size"
        case "item", "related": "Item"
        case "likes", "things": "Named"
        default: nil
        }
    }

    static func text(_ selections: [Selection]) -> String {
        "{"
            + selections.map { selection in
                switch selection {
                case .fragment(let type, let inner): "... on \(type) \(self.text(inner))"
                case .field(let name, let argument, let inner):
                    (argument.map { "\(name)_\($0): \(name)(n: \($0))" } ?? name)
                        + (inner.isEmpty ? "" : self.text(inner))
                }
            }.joined(separator: " ") + "}"
    }

    // MARK: - Results

    /// What the server answers; `version` is how often the world has changed.
    static func result(_ selections: [Selection], version: Int = 0) -> String {
        self.object("Query", 0, selections, version)
    }

    private static func object(_ type: String, _ id: Int, _ selections: [Selection], _ version: Int) -> String {
        var found: [Found] = []
        self.collect(selections, type, &found)
        let members = found.map { field in
            let key = field.argument.map { "\(field.name)_\($0)" } ?? field.name
            return "\"\(key)\":\(self.value(type, id, field, version))"
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    private static func collect(_ selections: [Selection], _ type: String, _ found: inout [Found]) {
        for selection in selections {
            switch selection {
            case .fragment(let condition, let inner):
                guard condition == type || condition == "Named" && type != "Size" else { continue }
                self.collect(inner, type, &found)
            case .field(let name, let argument, let inner):
                if let place = found.firstIndex(where: { $0.name == name && $0.argument == argument }) {
                    found[place].selections += inner
                } else {
                    found.append(Found(name: name, argument: argument, selections: inner))
                }
            }
        }
    }

    private static func value(_ type: String, _ id: Int, _ field: Found, _ version: Int) -> String {
        let chance = (id * 31 + field.name.utf8.reduce(0) { $0 * 7 + Int($1) } + (field.argument ?? 5) * 13) % 97
        func named(_ number: Int) -> String {
            self.object(number % 2 == 0 ? "Item" : "Person", number % 5, field.selections, version)
        }
        switch field.name {
        case "__typename": return "\"\(type)\""
        case "id": return "\"\(id)\""
        case "price": return "\(chance + version).50"
        case "flag": return chance % 2 == 0 ? "true" : "null"
        case "tags": return "[\"a\\n\(chance)\", [] ,{\"k\": \(version)}]"
        case "name": return "\"\(type) \(id) \\u00e9 é \(chance) \(version)\""
        case "w", "h": return String(chance + version)
        case "owner", "person": return self.object("Person", chance % 5, field.selections, version)
        case "item": return self.object("Item", chance % 5, field.selections, version)
        case "size": return chance % 7 == 0 ? "null" : self.object("Size", id, field.selections, version)
        case "sizes": return self.list(chance % 3) { self.object("Size", $0, field.selections, version) }
        case "friends": return self.list(chance % 4) { self.object("Person", $0, field.selections, version) }
        case "related": return self.list(chance % 4) { self.object("Item", $0, field.selections, version) }
        default: return self.list(chance % 5) { named($0 + chance) }
        }
    }

    private static func list(_ count: Int, _ element: (Int) -> String) -> String {
        "[" + (0..<count).map { element($0) }.joined(separator: ",") + "]"
    }
}
