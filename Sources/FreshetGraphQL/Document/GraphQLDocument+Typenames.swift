// SPDX-License-Identifier: Apache-2.0

extension GraphQLDocument {
    /// The document that asks for `__typename` in every selection set, for the cache to know objects by.
    ///
    /// The words are put into the text, so that what the server says about a place in it stays near. The top of a
    /// subscription is left alone: it may have one field only.
    package func withTypenames() throws(Failure) -> GraphQLDocument {
        let spared = self.fragmentsAtSubscriptionRoots
        var bytes: [UInt8] = []
        var copied = 0
        let original = Array(self.text.utf8)
        for opening in self.openings.sorted(by: { $0.offset < $1.offset }) {
            switch opening.place {
            case .subscriptionRoot: continue
            case .fragment(let name) where spared.contains(name): continue
            case .fragment, .inside: break
            }
            bytes += original[copied..<opening.offset]
            bytes += "__typename ".utf8
            copied = opening.offset
        }
        guard copied > 0 else { return self }
        bytes += original[copied...]
        return try GraphQLDocument(String(decoding: bytes, as: UTF8.self))
    }

    private var fragmentsAtSubscriptionRoots: Set<String> {
        var found: Set<String> = []
        var waiting = self.operations.filter { $0.kind == .subscription }.flatMap(\.selections)
        while let selection = waiting.popLast() {
            switch selection {
            case .field: break
            case .inline(_, _, let inner): waiting += inner
            case .spread(let name, _, _):
                if found.insert(name).inserted { waiting += self.fragments[name]?.selections ?? [] }
            }
        }
        return found
    }
}
