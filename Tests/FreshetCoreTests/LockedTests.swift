// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

struct LockedTests {
    private struct Refusal: Error, Equatable {}

    @Test("No increment of four tasks is lost")
    func race() async {
        let counter = Locked(0)
        await withTaskGroup { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<100_000 { counter.withLock { $0 += 1 } }
                }
            }
        }
        #expect(counter.withLock { $0 } == 400_000)
    }

    @Test("An error comes through, what was written stays, and the lock is free again")
    func error() {
        let value = Locked(1)
        #expect(throws: Refusal()) {
            try value.withLock { (value: inout Int) throws(Refusal) in
                value = 2
                throw Refusal()
            }
        }
        #expect(value.withLock { $0 } == 2)
    }

    @Test("The body's result is handed out")
    func result() {
        let values = Locked([1, 2, 3])
        #expect(values.withLock { $0.removeLast() } == 3)
        #expect(values.withLock { $0 } == [1, 2])
    }
}
