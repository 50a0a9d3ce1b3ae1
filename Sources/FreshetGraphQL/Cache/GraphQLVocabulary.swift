// SPDX-License-Identifier: Apache-2.0

/// The names that have come up, as small numbers, and what results have shown about types: there is no schema.
struct GraphQLVocabulary: Sendable {
    /// The numbers of names, from 1.
    struct Names: Sendable {
        /// A server must not fill the memory with names: those beyond have no number.
        private static let limit = 1 << 16

        private var numbers: [String: UInt32] = [:]
        private(set) var texts: [[UInt8]] = [[]]

        /// The name's number; 0 when there are too many.
        mutating func number(_ name: String) -> UInt32 {
            if let number = self.numbers[name] { return number }
            guard self.texts.count < Self.limit else { return 0 }
            let number = UInt32(self.texts.count)
            self.numbers[name] = number
            self.texts.append(Array(name.utf8))
            return number
        }
    }

    /// Fields that have a number in every vocabulary.
    static let rootValue: UInt32 = 1
    static let id: UInt32 = 2
    static let underscoreID: UInt32 = 3

    var fields = Names()
    var types = Names()
    /// Whether an object of the type meets the condition: `item` meets `node` when it implements it, or belongs to it.
    private var conditions: [UInt64: Bool] = [:]
    /// Types that objects said they are of: none of them is an interface or a union.
    private var objects: Set<UInt32> = []

    init() {
        for name in ["", "id", "_id"] { _ = self.fields.number(name) }
    }

    /// There was an object of this type.
    mutating func saw(_ type: UInt32) { self.objects.insert(type) }

    /// Whether there was an object of this type, so that no object of another type meets it.
    func isObject(_ type: UInt32) -> Bool { self.objects.contains(type) }

    /// Whether an object of the type meets the condition; nil: not known yet.
    func meets(_ type: UInt32, _ condition: UInt32) -> Bool? {
        guard type != 0 else { return nil }
        if type == condition { return true }
        return self.isObject(condition) ? false : self.conditions[UInt64(type) << 32 | UInt64(condition)]
    }

    /// Keeps what a result has shown: for good when it is proof, otherwise until there is some.
    ///
    /// - Returns: whether that was news.
    mutating func learn(_ type: UInt32, _ condition: UInt32, _ meets: Bool, isProof: Bool) -> Bool {
        guard type != 0, condition != 0 else { return false }
        let pair = UInt64(type) << 32 | UInt64(condition)
        let known = self.conditions[pair]
        guard known == nil ? self.conditions.count < 1 << 20 : isProof && known != meets else { return false }
        self.conditions[pair] = meets
        return true
    }

    /// What a read depends on that did not know.
    func key(_ type: UInt32, _ condition: UInt32) -> GraphQLCacheKey {
        GraphQLCacheKey(self.types.texts[Int(type)] + Array(" on ".utf8) + self.types.texts[Int(condition)])
    }
}
