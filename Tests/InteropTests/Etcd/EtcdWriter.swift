// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetDocuments
import FreshetTestSupport
import Testing

/// Somebody who changes documents by chance, and keeps a log of his own: what a watch must have handed out.
struct EtcdWriter {
    let client: EtcdClient
    let texts: EtcdDocuments<String>
    var random: SeededRandom
    /// Each change with its revision, and what there was after it; at first what there was before all.
    private(set) var log: [(revision: Int64, seen: EtcdLog.Seen)] = []
    private(set) var states: [[String: String]] = [[:]]
    private var count = 0

    init(_ client: EtcdClient, prefix: String, seed: UInt64) {
        self.client = client
        self.texts = client.texts(under: prefix)
        self.random = SeededRandom(seed)
    }

    var revision: Int64 { self.log.last?.revision ?? 0 }
    var state: [String: String] { self.states.last ?? [:] }

    /// One change: a document, several together, a removal, or something elsewhere.
    mutating func write() async throws {
        self.count += 1
        var state = self.state
        let key = "\(self.texts.prefix)\(Int.random(in: 0..<20, using: &self.random))"
        switch Int.random(in: 0..<10, using: &self.random) {
        case 0:
            _ = try await self.client.texts(under: "").put("elsewhere", "\(self.count)")
        case 1, 2:
            var transaction = EtcdTransaction()
            var changes: [String] = []
            for part in 0..<5 {
                let key = "\(self.texts.prefix)t\(part)"
                try transaction.put(key, "\(self.count)", coding: .text)
                state[key] = "\(self.count)"
                changes.append("\(key)=\(self.count)")
            }
            self.note(try await self.client.commit(transaction), changes, state)
        case 3 where state[key] != nil:
            var transaction = EtcdTransaction()
            transaction.delete(key)
            state[key] = nil
            self.note(try await self.client.commit(transaction), ["-\(key)"], state)
        default:
            state[key] = "\(self.count)"
            self.note(try await self.texts.put(key, "\(self.count)"), ["\(key)=\(self.count)"], state)
        }
    }

    private mutating func note(_ version: String, _ changes: [String], _ state: [String: String]) {
        self.log.append((Int64(version) ?? 0, .update(version, changes)))
        self.states.append(state)
    }

    /// Goes through what a watch has handed out: each update is the next one of the log; a state is that of its revision; and
    /// only a gap, or polling, may leave anything out.
    ///
    /// - Returns: how many gaps there were.
    func check(_ elements: [DocumentEvent<String>], _ comment: Comment? = nil) -> Int {
        var place = 0
        var isFirst = true
        var isAfterGap = false
        var isPolled = false
        var gaps = 0
        for element in elements {
            switch element {
            case .gap(let gap):
                gaps += 1
                isPolled = gap.cause == .polling
                isAfterGap = true
            case .snapshot(let snapshot):
                let revision = snapshot.position?.number ?? 0
                let next = self.log.count { $0.revision <= revision }
                #expect(next >= place, "back in time")
                #expect(
                    isFirst || isAfterGap || isPolled || next == place,
                    "\(next - place) changes left out without a gap"
                )
                let documents = Dictionary(snapshot.documents.map { ($0.key, $0.value) }) { _, last in last }
                #expect(documents == self.states[next], comment)
                (place, isAfterGap) = (next, false)
            case .update:
                guard place < self.log.count else {
                    Issue.record("an update that nobody has made")
                    return gaps
                }
                #expect(!isAfterGap, "an update after a gap, before the state")
                #expect(EtcdLog.seen(element) == self.log[place].seen, comment)
                place += 1
                isPolled = false
            }
            isFirst = false
        }
        #expect(place == self.log.count, comment)
        return gaps
    }
}
