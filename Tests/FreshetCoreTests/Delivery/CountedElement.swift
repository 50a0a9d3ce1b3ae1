// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// An element that is counted as long as anybody holds it; every fifth has the same key.
final class CountedElement: DeliveryElement {
    private let number: Int
    private let alive: Alive

    init(_ number: Int, _ alive: Alive) {
        self.number = number
        self.alive = alive
        alive.change(by: 1)
    }

    deinit {
        self.alive.change(by: -1)
    }

    var byteCount: Int { 1 }
    var isDroppable: Bool { true }

    func key(at path: JSONPath) -> JSONValue? { .integer(Int64(self.number % 5)) }

    func detached() -> CountedElement { self }

    static func dropped(_ count: Int) -> CountedElement? { nil }

    func merged(with later: CountedElement) -> CountedElement? { nil }
}
