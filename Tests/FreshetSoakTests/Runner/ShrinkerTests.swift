// SPDX-License-Identifier: Apache-2.0

import FreshetSoakRunner
import Testing

struct ShrinkerTests {
    private let faults = ["a", "b", "c", "d", "e", "f", "g"].map { FaultChoice.One(id: $0) }

    private func shrunk(most: Int = 100, to needed: Set<String>) async -> (ids: [String], runs: Int) {
        var runs = 0
        let least = await Shrinker.shrink(self.faults, most: most) { candidate in
            runs += 1
            return needed.isSubset(of: candidate.map(\.id))
        }
        return (least.map(\.id), runs)
    }

    @Test("One fault that is enough is found, wherever it is", arguments: ["a", "d", "g"])
    func one(_ id: String) async {
        #expect(await self.shrunk(to: [id]).ids == [id])
    }

    @Test("Two that only fail together are both kept, in their order")
    func two() async {
        #expect(await self.shrunk(to: ["f", "b"]).ids == ["b", "f"])
    }

    @Test("The last one alone takes a single run")
    func last() async {
        #expect(await self.shrunk(to: ["g"]).runs == 1)
    }

    @Test("What cannot be made to fail again is left as it is")
    func never() async {
        let never: Set = ["z"]
        #expect(await self.shrunk(to: never).ids == self.faults.map(\.id))
    }

    @Test("There are no more runs than are allowed, and what is left fails")
    func bounded() async {
        let (ids, runs) = await self.shrunk(most: 5, to: ["a"])
        #expect(runs == 5)
        #expect(ids.contains("a"))
    }
}
