// SPDX-License-Identifier: Apache-2.0

import FreshetSoakRunner
import Testing

struct FaultScheduleTests {
    private func ids(_ schedule: FaultSchedule, _ count: Int) -> [String] {
        var schedule = schedule
        return (0..<count).compactMap { _ in schedule.next()?.fault.id }
    }

    @Test("Each comes once before any comes again, in an order of the seed")
    func shuffled() throws {
        let choice = try FaultChoice("tcp.*,net.*")
        let count = choice.faults.count
        let ids = self.ids(FaultSchedule(choice, seed: 7), 2 * count)
        #expect(Set(ids.prefix(count)) == Set(choice.faults.map(\.id)))
        #expect(Set(ids.suffix(count)) == Set(choice.faults.map(\.id)))
        #expect(ids == self.ids(FaultSchedule(choice, seed: 7), 2 * count))
        #expect(ids != self.ids(FaultSchedule(choice, seed: 8), 2 * count))
        #expect(Array(ids.prefix(count)) != Array(ids.suffix(count)))
    }

    @Test("In order they come as they are given, once")
    func inOrder() throws {
        let choice = try FaultChoice("tcp.rst,net.slice,tcp.rst")
        var schedule = FaultSchedule(choice, seed: 7, inOrder: true)
        for (number, id) in [(1, "tcp.rst"), (2, "net.slice"), (3, "tcp.rst")] {
            let entry = schedule.next()
            #expect(entry?.number == number && entry?.fault.id == id)
        }
        #expect(schedule.next() == nil)
    }

    @Test("Without faults there is none")
    func empty() throws {
        var schedule = FaultSchedule(try FaultChoice("none"), seed: 1)
        #expect(schedule.next() == nil)
    }
}
