// SPDX-License-Identifier: Apache-2.0

/// The way to a field in a document: `address.city`.
public struct FirestoreFieldPath: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The names from the outermost map to the field.
    public let names: [String]

    /// Makes a path of names that may have any characters.
    ///
    /// - Parameter names: from the outermost map to the field; one at least.
    public init(_ names: [String]) { self.names = names }

    /// Makes a path of a text.
    ///
    /// - Parameter text: the names, with dots between them. Names with dots in them are given one by one.
    public init(_ text: String) {
        self.names = text.split(separator: ".", omittingEmptySubsequences: false).map { String($0) }
    }

    /// Makes a path of a text, with dots between the names.
    public init(stringLiteral text: String) { self.init(text) }

    /// The name of the document itself, in queries.
    public static let documentID = FirestoreFieldPath(["__name__"])

    /// Whether it is the other one, or a field within that.
    func isWithin(_ other: FirestoreFieldPath) -> Bool { self.names.starts(with: other.names) }
}

extension FirestoreFieldPath: CustomStringConvertible {
    /// As Firestore writes it: names with other characters than letters, digits and underscores stand in back-quotes.
    public var description: String { self.names.map { Self.quoted($0) }.joined(separator: ".") }

    private static func quoted(_ name: String) -> String {
        func isPlain(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: true
            default: false
            }
        }
        let isDigit = name.utf8.first.map { (0x30...0x39).contains($0) } ?? true
        if !isDigit, name.utf8.allSatisfy(isPlain) { return name }
        var text = "`"
        for scalar in name.unicodeScalars {
            if scalar == "`" || scalar == "\\" { text.unicodeScalars.append("\\") }
            text.unicodeScalars.append(scalar)
        }
        return text + "`"
    }
}

extension [String: FirestoreValue] {
    /// The value there; nil where there is none.
    subscript(path: FirestoreFieldPath) -> FirestoreValue? {
        get {
            var value = path.names.first.flatMap { self[$0] }
            for name in path.names.dropFirst() {
                guard case .map(let members)? = value else { return nil }
                value = members[name]
            }
            return value
        }
        set {
            guard let name = path.names.first else { return }
            let rest = FirestoreFieldPath(Array(path.names.dropFirst()))
            guard !rest.names.isEmpty else {
                self[name] = newValue
                return
            }
            var members: [String: FirestoreValue] = [:]
            if case .map(let there)? = self[name] { members = there }
            members[rest] = newValue
            self[name] = .map(members)
        }
    }
}
