// SPDX-License-Identifier: Apache-2.0

/// Elements with numbers that go up by one: each is handed out once and in order, or a gap says how many are missing.
///
/// ```
///     live ── one is missing ──▶ lost ── subscribed again, from the last one ──▶ replaying ── the next one ─────────▶ live
///                                                                                        └─ one is missing: gap ──▶ live
/// ```
///
/// Between two questions there is an element or a gap, so it cannot go on for ever.
extension ContinuityMachine {
    mutating func handOutNumbered(_ updates: [MarkedUpdate]) -> [Action] {
        var items: [FeedItem] = []
        items.reserveCapacity(updates.count)
        var after: [Action] = []
        taking: for update in updates {
            guard let mark = update.mark, let number = mark.position?.number else {
                // It may say itself what is wrong.
                items.append(.update(update.payload))
                after.append(.fail(Self.unnumbered))
                break taking
            }
            let last = self.replay.last?.number
            switch Numbering.place(of: number, after: last) {
            case .next: break
            case .repeated:
                if let last, self.numbering.isOdd(number, after: last) {
                    after.append(.note("element \(number) came again after \(last), and is not handed out"))
                }
                continue taking
            case .beyond(let missing):
                let what = "element \(number) came after \(last.map(String.init) ?? "none")"
                guard self.numbering.hasAskedAgain else {
                    self.numbering.askedAgain()
                    self.state = .lost
                    after.append(.askAgain(what))
                    break taking
                }
                items.append(
                    .gap(
                        Gap(
                            cause: .historyLost,
                            count: missing,
                            reason: "\(what), and so it did when it was asked for again",
                            outage: self.numbering.outage
                        )
                    )
                )
            }
            self.state = .live
            self.numbering.delivered()
            self.replay.delivered(mark)
            items.append(.update(update.payload))
        }
        return (items.isEmpty ? [] : [.deliver(items)]) + after
    }

    private static var unnumbered: FreshetError {
        FreshetError(
            .decoding,
            "a result of a numbered subscription has no whole number as its cursor",
            hint: "check the cursor's path, or leave isNumbered out"
        )
    }
}
