// SPDX-License-Identifier: Apache-2.0

import FreshetSoakRunner
import Testing

/// What is written down of documents that a consumer is handed.
struct StateLedgerTests {
    /// The documents that there are when so many elements are published.
    private static func state(_ count: Int) -> [PublishedElement] {
        (max(1, count - PublishedElement.keys + 1)...count).map { PublishedElement($0) }.filter { !$0.isRemoval }
    }

    private static func texts(_ observed: [Observed]) -> [String] {
        observed.map { one in
            switch one {
            case .element(let n, let key, let k): "\(n) \(key) \(k)"
            case .snapshot(let covers): "all to \(covers)"
            case .gap: "gap"
            }
        }
    }

    private static func text(_ n: Int) -> String { "\(n) \(n % 50) \((n - 1) / 50 + 1)" }

    @Test("Every change one by one, also removals, is the element that it is")
    func oneByOne() {
        var ledger = StateLedger()
        var whole = StateLedger()
        #expect(Self.texts(ledger.replace(by: Self.state(1))) == ["all to 1"])
        #expect(Self.texts(whole.replace(by: Self.state(1))) == ["all to 1"])
        var removals = 0
        for n in 2...400 {
            let element = PublishedElement(n)
            removals += element.isRemoval ? 1 : 0
            let observed = ledger.change(
                element.isRemoval ? [] : [element],
                removed: element.isRemoval ? [element.key] : []
            )
            #expect(Self.texts(observed) == [Self.text(n)])
            #expect(Self.texts(whole.become(Self.state(n))) == [Self.text(n)])
        }
        #expect(removals == 35)
    }

    @Test("Every state says how far it goes", arguments: 1...300)
    func states(_ count: Int) {
        var ledger = StateLedger()
        #expect(Self.texts(ledger.replace(by: Self.state(count))) == ["all to \(count)"])
    }

    @Test("What has changed meanwhile is a state where something was superseded, and the elements where nothing was")
    func jumps() {
        for (before, after) in [(100, 104), (100, 149), (95, 160), (130, 400), (199, 250)] {
            var ledger = StateLedger()
            _ = ledger.replace(by: Self.state(before))
            let isWhole = !(before + 1...after).contains { PublishedElement($0).next.n <= after }
            let expected = isWhole ? (before + 1...after).map { Self.text($0) } : ["all to \(after)"]
            #expect(Self.texts(ledger.become(Self.state(after))) == expected)
        }
    }

    @Test("What is missing is not covered, and what came without it stands there by itself")
    func missing() {
        var ledger = StateLedger()
        _ = ledger.replace(by: Self.state(120))
        #expect(Self.texts(ledger.change([PublishedElement(122)], removed: [])) == [Self.text(122)])
        var jump = StateLedger()
        _ = jump.replace(by: Self.state(100))
        let state = Self.state(190).filter { $0.n != 172 }
        #expect(Self.texts(jump.become(state)).prefix(2) == ["all to 171", Self.text(173)])
        var other = StateLedger()
        #expect(Self.texts(other.replace(by: state)).prefix(2) == ["all to 171", Self.text(173)])
    }

    @Test("What comes twice, or too late, is written down as it came")
    func twice() {
        var ledger = StateLedger()
        _ = ledger.replace(by: Self.state(120))
        #expect(Self.texts(ledger.change([PublishedElement(119)], removed: [])) == [Self.text(119)])
        #expect(Self.texts(ledger.become(Self.state(120))) == [Self.text(120)])
        #expect(Self.texts(ledger.replace(by: Self.state(110))) == ["all to 110"])
    }
}
