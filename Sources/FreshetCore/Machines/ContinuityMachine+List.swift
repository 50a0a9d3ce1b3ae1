// SPDX-License-Identifier: Apache-2.0

/// Sources that list first and subscribe from where the list was made, and what else moves a position.
extension ContinuityMachine {
    /// Whether there is nothing to subscribe from without a list.
    package var listsFirst: Bool { self.recovery == .list }

    /// Whether the state has to be fetched before there is anything to subscribe from.
    package var mustList: Bool { self.listsFirst && self.replay.position == nil }

    /// Fetches the state; when it has come, it is subscribed from there. `gap` is what there is if it had been live before.
    package mutating func list(gap: Gap? = nil) -> [Action] {
        let wasLost = if case .lost = self.state { true } else { false }
        self.fetch += 1
        self.state = .listing
        guard wasLost, let gap else { return [.fetch(self.fetch, self.listsFor)] }
        self.listsFor = gap
        return [.deliver([.gap(gap)]), .fetch(self.fetch, gap)]
    }

    mutating func listed(_ fetched: Fetched) -> [Action] {
        self.state = .new
        // It would be listed again at once, and for ever.
        guard let position = fetched.position else { return [.fail(Self.withoutPosition)] }
        self.listsFor = nil
        self.replay.restart(at: position)
        return (fetched.items.isEmpty ? [] : [.deliver(fetched.items)]) + [.subscribeAgain]
    }

    private static let withoutPosition = FreshetError(
        .invalidInput,
        "the list has no position, so there is nothing to subscribe from",
        hint: "give the listing the position from which a subscription brings everything after it"
    )

    /// The state was fetched by other means, while there was no connection.
    package mutating func bridged(to position: Position?) {
        guard self.recovery == .list, let position else { return }
        self.listsFor = nil
        self.replay.restart(at: position)
    }

    /// There is nothing new up to here.
    package mutating func progressed(to position: Position) {
        guard self.isLive else { return }
        self.replay.delivered(UpdateMark(key: nil, position: position))
    }

    /// The server no longer has what came since the position: it is to be subscribed again, from the beginning.
    package mutating func historyLost(_ gap: Gap) -> [Action] {
        self.replay.forget()
        self.state = .new
        self.listsFor = gap
        return [.deliver([.gap(gap)])]
    }
}
