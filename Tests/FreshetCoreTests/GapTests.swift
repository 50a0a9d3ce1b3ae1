// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// Two gaps with nothing between them are one.
struct GapTests {
    private func merged(_ first: Gap.Cause, _ second: Gap.Cause) -> Gap {
        Gap(cause: first, count: 2, reason: "first", outage: .seconds(1))
            .merged(with: Gap(cause: second, count: 3, reason: "second", outage: .seconds(4)))
    }

    @Test("Outages add up, and the last reason stays")
    func outages() {
        #expect(merged(.unknown, .unknown).outage == .seconds(5))
        #expect(merged(.unknown, .unknown).reason == "second")
    }

    @Test("Counts of what was dropped add up")
    func counts() {
        #expect(merged(.overflow, .overflow).cause == .overflow)
        #expect(merged(.overflow, .overflow).count == 5)
    }

    @Test("A count that is not known stays unknown", arguments: [true, false])
    func unknownCounts(isFirst: Bool) {
        let known = Gap(cause: .overflow, count: 2, reason: "", outage: .zero)
        let unknown = Gap(cause: .overflow, reason: "", outage: .zero)
        #expect((isFirst ? unknown.merged(with: known) : known.merged(with: unknown)).count == nil)
    }

    @Test(
        "Of different causes the worst stays, and nobody knows how many are missing",
        arguments: [
            (.unknown, .unknown, .unknown), (.unknown, .overflow, .unknown), (.overflow, .unknown, .unknown),
            (.unknown, .historyLost, .historyLost), (.historyLost, .unknown, .historyLost),
            (.historyLost, .overflow, .historyLost), (.overflow, .historyLost, .historyLost),
            (.historyLost, .historyLost, .historyLost), (.unknown, .polling, .polling),
            (.polling, .unknown, .polling), (.overflow, .polling, .polling), (.polling, .polling, .polling),
            (.polling, .historyLost, .historyLost), (.historyLost, .polling, .historyLost),
        ] as [(Gap.Cause, Gap.Cause, Gap.Cause)]
    )
    func causes(_ first: Gap.Cause, _ second: Gap.Cause, _ both: Gap.Cause) {
        #expect(merged(first, second).cause == both)
        #expect(merged(first, second).count == nil)
    }
}
