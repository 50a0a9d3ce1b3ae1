// SPDX-License-Identifier: Apache-2.0

/// What a source published, as its server says: the newest of it, and how far each key has come.
package struct SourceLog: Sendable {
    package struct Entry: Sendable {
        package let key: String
        package let k: Int
        /// The number of the last element of its transaction.
        package let transaction: Int
        package let us: Int
        package let line: Int
    }

    /// An element that came before its publication was written down.
    private struct Awaited {
        /// nil where only the number is known.
        let content: (key: String, k: Int)?
        let us: Int
        let line: Int
        let stream: StreamName
    }

    /// So many elements are remembered: few enough for their memory not to look like a leak while they come to be so many.
    package static let room = 4_096

    package private(set) var last = 0
    package private(set) var forgot = 0
    private var keys: [String: (k: Int, line: Int)] = [:]
    private var entries: [Int: Entry] = [:]
    private var awaited: [Int: [Awaited]] = [:]
    private var lastLine = 0

    package func entry(_ n: Int) -> Entry? { self.entries[n] }

    /// The newest place in a stream of this key, or of all.
    func last(of key: String?) -> Int {
        guard let key else { return self.last }
        return self.keys[key]?.k ?? 0
    }

    func lastLine(of key: String?) -> Int {
        guard let key else { return self.lastLine }
        return self.keys[key]?.line ?? 0
    }

    mutating func publish(_ n: Int, _ entry: Entry, into findings: inout Findings) {
        findings.tally.sent += 1
        if n < 1 || entry.k < 1 || entry.transaction < n {
            findings.add(.soundHistory, "\(n) was published as number \(entry.k) of its key", lines: [entry.line])
        }
        if let other = self.entries[n] {
            findings.add(.soundHistory, "\(n) was published twice", lines: [other.line, entry.line])
        } else if n <= self.last - Self.room {
            findings.add(.soundHistory, "\(n) was published long after \(self.last)", lines: [entry.line])
        }
        self.entries[n] = entry
        if n > self.last {
            let old = self.last - Self.room
            self.last = n
            self.lastLine = entry.line
            let new = n - Self.room
            if new - old > Self.room {
                self.entries = self.entries.filter { $0.key > new }
            } else if new > 0 {
                for number in max(old, 0)...new { self.entries[number] = nil }
            }
        }
        if entry.k > self.keys[entry.key]?.k ?? 0 { self.keys[entry.key] = (entry.k, entry.line) }
        for one in self.awaited.removeValue(forKey: n) ?? [] {
            Self.compare(n, one, entry, into: &findings)
        }
    }

    mutating func forget(upTo number: Int) { self.forgot = max(self.forgot, number) }

    var isWaiting: Bool { !self.awaited.isEmpty }

    /// Whether an element is as it was published; what was not written down yet is waited for.
    mutating func check(
        _ n: Int,
        _ content: (key: String, k: Int)? = nil,
        us: Int,
        line: Int,
        stream: StreamName,
        into findings: inout Findings
    ) {
        guard n != 0 || content != nil else { return }
        let awaited = Awaited(content: content, us: us, line: line, stream: stream)
        if let entry = self.entries[n] {
            Self.compare(n, awaited, entry, into: &findings)
        } else if n > 0, n <= self.last - Self.room {
            findings.tally.unchecked += 1
        } else {
            self.awaited[n, default: []].append(awaited)
        }
    }

    /// Nothing that came long before now may still be waited for.
    mutating func expire(before us: Int, into findings: inout Findings) {
        guard !self.awaited.isEmpty else { return }
        for (n, list) in self.awaited {
            for one in list where one.us < us {
                findings.add(.reliable, "\(n) came and was never published", at: one.stream, lines: [one.line])
            }
            let left = list.filter { $0.us >= us }
            self.awaited[n] = left.isEmpty ? nil : left
        }
    }

    private static func compare(_ n: Int, _ one: Awaited, _ entry: Entry, into findings: inout Findings) {
        guard let content = one.content, content.key != entry.key || content.k != entry.k else { return }
        let message =
            "\(n) came as number \(content.k) of \(content.key), and was published as number \(entry.k) of \(entry.key)"
        findings.add(.reliable, message, at: one.stream, lines: [entry.line, one.line])
    }
}
