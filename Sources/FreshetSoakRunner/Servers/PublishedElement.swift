// SPDX-License-Identifier: Apache-2.0

/// One of the numbered elements that a run publishes: each key has its turn, one after another.
package struct PublishedElement: Sendable, Hashable, Codable {
    package static let keys = 50

    package var n: Int
    package var key: Int
    package var k: Int

    /// An element as somebody was handed it.
    package init(n: Int, key: Int, k: Int) {
        (self.n, self.key, self.k) = (n, key, k)
    }

    /// The element of a number.
    package init(_ n: Int) {
        self.n = n
        self.key = n % Self.keys
        self.k = (n - 1) / Self.keys + 1
    }

    /// Whether it is the removal of its key, where documents are published that can be removed: every second turn of one key in five.
    package var isRemoval: Bool {
        switch self.key % 10 {
        case 0: self.k.isMultiple(of: 2)
        case 5: self.k > 1 && !self.k.isMultiple(of: 2)
        default: false
        }
    }

    /// What a document of its key is called.
    package var name: String { "k\(self.key)" }
    package static func key(of name: String) -> Int? { Int(name.dropFirst()) }

    /// The next one of its key.
    package var next: PublishedElement { PublishedElement(self.n + Self.keys) }
}
