// SPDX-License-Identifier: Apache-2.0

/// Which of a host's addresses to try, and when (RFC 8305, "Happy Eyeballs"): the families take turns, each address gets a head
/// start, and the first that connects wins.
package struct AddressRace: Sendable {
    package enum Event: Sendable {
        case start
        /// The head start of the last attempt is over.
        case timer
        /// Attempt `index` failed, or connected.
        case failed(Int)
        case connected(Int)
    }

    package enum Action: Sendable, Equatable {
        case attempt(Int, address: String)
        case startTimer(Duration)
        case stopTimer
        case abandon(Int)
        /// The attempt that is to go on.
        case won(Int)
        /// Every address failed.
        case lost
    }

    /// RFC 8305 section 5 recommends it.
    package static let headStart: Duration = .milliseconds(250)

    package let addresses: [String]
    private var next = 0
    private var running: Set<Int> = []
    private var over = false

    /// - Parameter addresses: in the system's order of preference (RFC 6724).
    package init(_ addresses: [String]) {
        self.addresses = Self.interleaved(addresses)
    }

    package mutating func on(_ event: Event) -> [Action] {
        guard !self.over else { return [] }
        switch event {
        case .start, .timer:
            return self.attempt()
        case .failed(let index):
            guard self.running.remove(index) != nil else { return [] }
            if self.next < self.addresses.count { return self.attempt() }
            guard self.running.isEmpty else { return [] }
            self.over = true
            return [.stopTimer, .lost]
        case .connected(let index):
            guard self.running.remove(index) != nil else { return [] }
            self.over = true
            return [.stopTimer] + self.running.sorted().map { .abandon($0) } + [.won(index)]
        }
    }

    private mutating func attempt() -> [Action] {
        guard self.next < self.addresses.count else { return [] }
        let index = self.next
        self.next += 1
        self.running.insert(index)
        let isLast = self.next == self.addresses.count
        return (isLast ? [.stopTimer] : [.startTimer(Self.headStart)])
            + [.attempt(index, address: self.addresses[index])]
    }

    /// The families in turn, beginning with that of the first address (RFC 8305 section 4).
    private static func interleaved(_ addresses: [String]) -> [String] {
        guard let first = addresses.first else { return [] }
        let isV6 = first.contains(":")
        let preferred = addresses.filter { $0.contains(":") == isV6 }
        let others = addresses.filter { $0.contains(":") != isV6 }
        var result: [String] = []
        for index in 0..<max(preferred.count, others.count) {
            if index < preferred.count { result.append(preferred[index]) }
            if index < others.count { result.append(others[index]) }
        }
        return result
    }
}
