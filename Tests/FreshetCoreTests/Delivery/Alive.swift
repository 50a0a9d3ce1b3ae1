// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// How many elements there are in memory.
final class Alive: Sendable {
    private let number = Locked(0)

    var count: Int { self.number.withLock { $0 } }

    func change(by amount: Int) {
        self.number.withLock { $0 += amount }
    }
}
