// SPDX-License-Identifier: Apache-2.0

/// The rules of a proxy, with how often each has matched: what happens, and what is done about it.
struct FaultRules: Sendable {
    /// What happens.
    enum Occasion {
        case connect, upgrade, request
        case frame(FaultDirection, ProxyFrame)
    }

    private struct Entry: Sendable {
        let id: Int
        let rule: FaultRule
        var matches = 0
    }

    private var entries: [Entry] = []
    private var lastID = 0

    /// Returns the rule's number.
    mutating func add(_ rule: FaultRule) -> Int {
        self.lastID += 1
        self.entries.append(Entry(id: self.lastID, rule: rule))
        return self.lastID
    }

    mutating func remove(_ rule: FaultRule) { self.entries.removeAll { $0.rule == rule } }

    mutating func removeAll() { self.entries = [] }

    /// The action of the first rule that matches and has not acted as often as it may. Rules before it count the match, those
    /// after it do not see it.
    mutating func action(on occasion: Occasion, connection: Int, path: String) -> FaultAction? {
        for index in self.entries.indices {
            let match = self.entries[index].rule.match
            guard match.isFor(connection, path), match.isFor(occasion) else { continue }
            if let action = self.count(index) { return action }
        }
        return nil
    }

    /// The rules that wait for a time after a WebSocket was opened.
    func delays(connection: Int, path: String) -> [(rule: Int, delay: Duration)] {
        self.entries.compactMap { entry in
            guard case .delay(let delay) = entry.rule.match.moment, entry.rule.match.isFor(connection, path) else {
                return nil
            }
            return (entry.id, delay)
        }
    }

    /// What a rule does whose time has come; nil when it was removed, or has acted as often as it may.
    mutating func action(ofRule id: Int) -> FaultAction? {
        self.entries.firstIndex { $0.id == id }.flatMap { self.count($0) }
    }

    private mutating func count(_ index: Int) -> FaultAction? {
        let rule = self.entries[index].rule
        self.entries[index].matches += 1
        let number = self.entries[index].matches - rule.skipping
        guard number > 0, number <= rule.times ?? .max else { return nil }
        return rule.action
    }
}

extension FaultMatch {
    func isFor(_ connection: Int, _ path: String) -> Bool {
        (self.connection.map { $0 == connection } ?? true) && (self.path.map { path.contains($0) } ?? true)
    }

    fileprivate func isFor(_ occasion: FaultRules.Occasion) -> Bool {
        switch (self.moment, occasion) {
        case (.connect, .connect), (.upgrade, .upgrade), (.request, .request): true
        case (.frame(let wanted, let kind, let text), .frame(let direction, let frame)):
            wanted == direction && (kind.map { $0.rawValue == frame.opcode } ?? !frame.isControl)
                && (text.map { frame.contains($0) } ?? true)
        default: false
        }
    }
}
