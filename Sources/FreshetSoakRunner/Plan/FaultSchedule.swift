// SPDX-License-Identifier: Apache-2.0

import FreshetSoak
import FreshetTestSupport

/// Which fault comes next, from the seed: all of them in another order each time, so that none is left out for long.
package struct FaultSchedule: Sendable, IteratorProtocol {
    /// A fault whose time has come.
    package struct Entry: Sendable {
        /// Counts from 1.
        package var number: Int
        package var fault: FaultChoice.One
        /// For everything about it that is left to chance.
        package var seed: UInt64
    }

    private let faults: [FaultChoice.One]
    /// As they are given, once: how a run is repeated.
    private let inOrder: Bool
    private var random: SeededRandom
    private var left: [FaultChoice.One] = []
    private var number = 0

    package init(_ choice: FaultChoice, seed: UInt64, inOrder: Bool = false) {
        self.faults = choice.faults
        self.inOrder = inOrder
        self.random = SeededRandom(seed)
        if inOrder { self.left = choice.faults.reversed() }
    }

    package mutating func next() -> Entry? {
        if self.left.isEmpty {
            guard !self.inOrder, !self.faults.isEmpty else { return nil }
            self.left = self.faults.shuffled(using: &self.random)
        }
        self.number += 1
        return Entry(number: self.number, fault: self.left.removeLast(), seed: self.random.next())
    }
}
