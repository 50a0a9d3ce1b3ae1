// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Judges a consumer's log by the invariants that a feed promises.
struct Oracle {
    let consumer: SimulatedConsumer
    let server: SimulatedServer
    /// What had been published when everybody had had time to recover.
    let lastWhenWell: [Int]
    /// Whether the upgrade was ever refused: then those end that cannot do without the WebSocket.
    let wasRefused: Bool
    /// Whether the server always had every event, and sent it where it should.
    let isWithoutLoss: Bool

    /// What is wrong; nil when all is well.
    func verdict() -> String? {
        var last: Int?
        /// Told since the last element: how many are missing, or that nobody knows.
        var told: [Gap] = []
        var isOver = false
        /// Whether it was told, since the last element that came live, that what comes is polled.
        var isToldOfPolling = false
        for (place, entry) in self.consumer.log.enumerated() {
            // single-terminal
            if isOver { return "something follows the end, at \(place)" }
            switch entry {
            case .update(let number):
                if let fault = self.judge(number, after: last, told, place) { return fault }
                last = number
                told = []
                isToldOfPolling = false
            case .snapshot(let number), .polled(let number):
                guard self.hasSnapshots else { return "a snapshot, at \(place)" }
                if let last, number < last { return "a snapshot of \(number) follows \(last), at \(place)" }
                if self.consumer.kind == .list, let fault = self.judge(list: entry, told, place) { return fault }
                if let fault = self.judge(polled: entry, isToldOfPolling, place) { return fault }
                last = number
                told = []
                if case .snapshot = entry { isToldOfPolling = false }
            case .gap(let gap):
                if let fault = self.judge(gap, place) { return fault }
                told.append(gap)
                isToldOfPolling = isToldOfPolling || gap.cause == .polling
            case .end(let error):
                isOver = true
                if let fault = self.judge(end: error) { return fault }
            }
        }
        guard !isOver, !self.consumer.hasLeft else { return nil }
        return self.judgeTail(last, told)
    }

    private var hasSnapshots: Bool { self.consumer.kind == .snapshot || self.consumer.kind == .list }

    /// A list stands at the beginning, after a gap, and while it is polled; nowhere else.
    private func judge(list entry: SimulatedConsumer.Entry, _ told: [Gap], _ place: Int) -> String? {
        guard case .snapshot = entry, place > 0, told.isEmpty else { return nil }
        return "a list that no gap explains, at \(place)"
    }

    /// ordered, unique, reliable, honest-gap
    private func judge(_ number: Int, after last: Int?, _ told: [Gap], _ place: Int) -> String? {
        guard let last else {
            // A slow consumer's snapshot may have been dropped; then a gap says so.
            let mayBeDropped = self.consumer.delivery.overflow != .suspending && !told.isEmpty
            if self.hasSnapshots, !mayBeDropped {
                return "the first is \(number) without a snapshot, at \(place)"
            }
            return nil
        }
        guard number > last else { return "\(number) follows \(last), at \(place)" }
        let missing = number - last - 1
        if missing > 0, told.isEmpty {
            return "\(missing) are missing before \(number) and nothing says so, at \(place)"
        }
        let isCounted = told.allSatisfy { gap in
            gap.cause == .overflow || self.consumer.kind == .numbered && gap.count != nil
        }
        guard !self.hasSnapshots, !told.isEmpty, isCounted else { return nil }
        let counted = told.reduce(0) { $0 + ($1.count ?? 0) }
        return counted == missing
            ? nil : "\(missing) are missing before \(number), and \(counted) are said to be, at \(place)"
    }

    /// What is polled comes after a gap that says so, and nothing is handed out twice: neither by polling, nor when the WebSocket
    /// is there again.
    private func judge(polled entry: SimulatedConsumer.Entry, _ isTold: Bool, _ place: Int) -> String? {
        // Otherwise what came before may have been dropped.
        guard self.consumer.delivery.overflow == .suspending else { return nil }
        if case .polled(let number) = entry {
            guard self.consumer.isPollable else { return "\(number) was polled, at \(place)" }
            guard isTold else { return "\(number) was polled and nothing says so, at \(place)" }
        }
        guard place > 0, case .polled(let number) = self.consumer.log[place - 1] else { return nil }
        let isTwice = entry == .polled(number) || entry == .snapshot(number)
        return isTwice ? "\(number) was polled, and comes again, at \(place)" : nil
    }

    /// resumable: with a cursor only what the server has forgotten is lost.
    private func judge(_ gap: Gap, _ place: Int) -> String? {
        switch gap.cause {
        case .overflow:
            return self.consumer.delivery.overflow == .suspending ? "an overflow while suspending, at \(place)" : nil
        case .historyLost, .compacted:
            guard [.cursor, .numbered, .list].contains(self.consumer.kind) else {
                return "historyLost without a cursor, at \(place)"
            }
            let isWrong = self.consumer.kind == .numbered && self.isWithoutLoss
            return isWrong ? "historyLost, and the server has everything, at \(place)" : nil
        case .polling:
            return self.consumer.isPollable ? nil : "polling without a way to poll, at \(place)"
        case .unknown:
            if self.consumer.kind == .list { return self.judge(gapInList: place) }
            if self.consumer.kind == .numbered { return self.judge(gapInNumbered: place) }
            guard self.consumer.kind == .cursor else { return nil }
            // Before its first element, and the first after the server forgot, a feed has no cursor to go on from.
            let before = self.consumer.log[..<place].reversed().prefix { entry in
                if case .gap(let gap) = entry { gap.cause != .historyLost } else { true }
            }
            let elements = before.count { if case .update = $0 { true } else { false } }
            // Nor has one whose first elements came while a connection was being replaced, on the old one alone, which then
            // broke: the new one was subscribed without a cursor, and nobody knows where it began.
            guard elements > (gap.outage == .zero ? 300 : 0) else { return nil }
            let hadOverflow = self.consumer.delivery.overflow != .suspending
            return !hadOverflow ? "a gap although there was a cursor, at \(place)" : nil
        }
    }

    /// A feed that stands somewhere goes on from there. It does not before its first list, and when the server forgot.
    private func judge(gapInList place: Int) -> String? {
        for entry in self.consumer.log[..<place].reversed() {
            guard case .gap(let gap) = entry else { return "a gap although there was a list, at \(place)" }
            if gap.cause == .historyLost { return nil }
        }
        return nil
    }

    /// One that has had an element goes on from there, however many connections there are, until the server forgot.
    private func judge(gapInNumbered place: Int) -> String? {
        for entry in self.consumer.log[..<place].reversed() {
            if case .update = entry { return "a gap although there was a number, at \(place)" }
            if case .gap(let gap) = entry, gap.cause == .historyLost { return nil }
        }
        return nil
    }

    private func judge(end error: FreshetError?) -> String? {
        switch error?.kind {
        case nil: "a feed was completed that nobody completed"
        case .overflow where self.consumer.delivery.overflow == .failOnOverflow: nil
        case .forbidden where self.wasRefused && !self.consumer.isPollable: nil
        case .upgradeRefused where self.wasRefused && !self.consumer.isPollable: nil
        case .protocolViolation where !self.server.broken.isEmpty: nil
        default: "a feed failed: \(error?.message ?? "")"
        }
    }

    /// reliable at the end: everything was published long before, so all of it has come, or is told to be missing.
    private func judgeTail(_ last: Int?, _ told: [Gap]) -> String? {
        let end = self.server.last[self.consumer.topic]
        // What was published before a feed's first subscription is not owed to it.
        guard (last ?? self.lastWhenWell[self.consumer.topic]) < end, told.isEmpty else { return nil }
        return "\(end) was published, \(last.map(String.init) ?? "nothing") came, and nothing says so"
    }
}
