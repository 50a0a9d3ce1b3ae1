// SPDX-License-Identifier: Apache-2.0

/// The last elements of a feed, to recognise them when a server sends them again after the feed was resumed.
///
/// Each is recognised as often as it came, and only near the beginning: a server that went back in time sends old keys
/// again with new elements, which must not be taken for old ones for ever.
package struct Replay: Sendable {
    private let overlap: Int
    /// The marks of the last elements, the newest last.
    private var recent: [UpdateMark] = []
    /// What may come again, and how often; empty when nothing is expected.
    private var expected: [JSONValue: Int] = [:]
    private var fresh = 0
    private var patience = 0

    package init(overlap: Int, from position: Position? = nil) {
        self.overlap = max(overlap, 0)
        if let position { self.recent = [UpdateMark(key: position.value, position: position)] }
    }

    /// Where to resume: so many elements before the last.
    package var position: Position? { self.recent.first?.position }

    /// The position of the last element.
    package var last: Position? { self.recent.last?.position }

    /// The keys of the last elements: what comes again when it is resumed now.
    package var keys: [JSONValue] { self.recent.compactMap(\.key) }

    package mutating func begin() {
        self.expected = Dictionary(self.keys.map { ($0, 1) }) { count, _ in count }
        self.fresh = 0
        self.patience = self.recent.count
    }

    /// More that may come again, because another connection has delivered it meanwhile.
    package mutating func expect(_ keys: [JSONValue]) {
        let counts = Dictionary(keys.map { ($0, 1) }, uniquingKeysWith: +)
        self.expected.merge(counts, uniquingKeysWith: max)
        self.patience += keys.count
    }

    /// Goes on from here, after which nothing comes twice.
    package mutating func restart(at position: Position?) {
        self.forget()
        if let position { self.recent = [UpdateMark(key: nil, position: position)] }
    }

    /// The server has nothing from this position on: begin anew.
    package mutating func forget() {
        self.recent = []
        self.expected = [:]
    }

    /// Whether anything may come again.
    package var isExpecting: Bool { !self.expected.isEmpty }

    /// Whether the feed has had this element already.
    package mutating func isRepetition(_ update: MarkedUpdate, byKey: Bool = true) -> Bool {
        guard self.isExpecting else { return false }
        let identity = update.identity(byKey: byKey)
        if let count = self.expected[identity] {
            self.expected[identity] = count > 1 ? count - 1 : nil
            return true
        }
        self.fresh += 1
        if self.fresh > self.patience { self.expected = [:] }
        return false
    }

    package mutating func delivered(_ mark: UpdateMark?) {
        guard let mark, mark.position != nil else { return }
        self.recent.append(mark)
        if self.recent.count > self.overlap + 1 { self.recent.removeFirst() }
    }
}
