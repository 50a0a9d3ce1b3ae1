// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// What must hold whatever happens, in whatever order.
struct ConnectionPropertyTests {
    @Test(
        "Whatever happens: one attempt at a time, or a successor; none after the end; nothing left behind",
        arguments: 0..<20
    )
    func invariants(part: Int) {
        for seed in part * 1000..<(part + 1) * 1000 {
            var world = ConnectionWorld(seed: UInt64(seed))
            world.run(steps: 40)
            guard let violation = world.violation else { continue }
            Issue.record("seed \(seed): \(violation)")
            return
        }
    }
}
