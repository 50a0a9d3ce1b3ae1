// SPDX-License-Identifier: Apache-2.0

extension GraphQLDocument {
    /// That every fragment that is spread is there, that none spreads itself (5.5.2.2), and that nothing gets deeper through
    /// them than ``depthLimit``.
    func checkFragments() throws(Failure) {
        var measure = Measure(document: self)
        for operation in self.operations {
            _ = try measure.height(of: operation.selections, depth: 1)
        }
        for (name, fragment) in self.fragments.sorted(by: { $0.value.offset < $1.value.offset }) {
            _ = try measure.height(ofFragment: name, at: fragment.offset, depth: 1)
        }
    }

    /// How many levels there are below; a spread is one too. Each fragment is measured once.
    private struct Measure {
        let document: GraphQLDocument
        private var heights: [String: Int] = [:]
        /// Those that are being measured.
        private var open: Set<String> = []

        init(document: GraphQLDocument) {
            self.document = document
        }

        mutating func height(of selections: [Selection], depth: Int) throws(Failure) -> Int {
            var height = 0
            for selection in selections {
                switch selection {
                case .field(let field) where field.selections.isEmpty: continue
                case .field(let field):
                    try self.check(depth + 1, field.offset)
                    height = max(height, 1 + (try self.height(of: field.selections, depth: depth + 1)))
                case .inline(_, _, let inner):
                    try self.check(depth + 1, 0)
                    height = max(height, 1 + (try self.height(of: inner, depth: depth + 1)))
                case .spread(let name, _, let offset):
                    height = max(height, 1 + (try self.height(ofFragment: name, at: offset, depth: depth + 1)))
                }
            }
            return height
        }

        mutating func height(ofFragment name: String, at offset: Int, depth: Int) throws(Failure) -> Int {
            try self.check(depth + (self.heights[name] ?? 0), offset)
            if let height = self.heights[name] { return height }
            guard let fragment = self.document.fragments[name] else {
                throw self.document.failure("Unknown fragment '\(name)'.", at: offset)
            }
            guard self.open.insert(name).inserted else {
                throw self.document.failure("Cannot spread fragment '\(name)' within itself.", at: offset)
            }
            let height = try self.height(of: fragment.selections, depth: depth)
            self.open.remove(name)
            self.heights[name] = height
            return height
        }

        private func check(_ depth: Int, _ offset: Int) throws(Failure) {
            guard depth <= GraphQLDocument.depthLimit else {
                let limit = GraphQLDocument.depthLimit
                throw self.document.failure("Nested deeper than \(limit) levels through fragments.", at: offset)
            }
        }
    }
}
