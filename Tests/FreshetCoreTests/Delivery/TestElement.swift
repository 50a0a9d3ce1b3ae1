// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Something with a number and a size to wait in a buffer, or a gap with the count of what is missing.
struct TestElement: DeliveryElement, Equatable, ExpressibleByIntegerLiteral {
    var number: Int
    var size = 1
    var keyed: Int?
    /// How many are missing here; nil: it is no gap.
    var missing: Int?

    init(_ number: Int, size: Int = 1, key: Int? = nil) {
        self.number = number
        self.size = size
        self.keyed = key
    }

    init(integerLiteral number: Int) {
        self.init(number)
    }

    private init(missing: Int) {
        self.init(-1, size: 0)
        self.missing = missing
    }

    static func gap(_ missing: Int) -> TestElement { TestElement(missing: missing) }

    var byteCount: Int { self.size }
    var isDroppable: Bool { self.missing == nil }

    func key(at path: JSONPath) -> JSONValue? {
        path == "key" ? self.keyed.map { .integer(Int64($0)) } : nil
    }

    func detached() -> TestElement { self }

    static func dropped(_ count: Int) -> TestElement? { .gap(count) }

    func merged(with later: TestElement) -> TestElement? {
        guard let missing = self.missing, let more = later.missing else { return nil }
        return .gap(missing + more)
    }
}

extension DeliveryBuffer<TestElement> {
    mutating func append(_ elements: [TestElement]) -> Appended {
        self.append(elements, bytes: elements.reduce(0) { $0 + $1.size })
    }

    /// What waits, or nothing where there is only an end, or nothing at all.
    mutating func takeAll() -> [TestElement] {
        if case .batch(let elements, _) = self.take() { elements } else { [] }
    }
}
