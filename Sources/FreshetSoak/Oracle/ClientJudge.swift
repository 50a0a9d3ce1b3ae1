// SPDX-License-Identifier: Apache-2.0

/// Judges a client's sockets and tokens by what the server saw of them.
struct ClientJudge {
    let client: Int
    let allowed: Int
    /// So long there may be one more.
    let overlap: Int

    private struct Token {
        let number: Int
        let issued: Int
        let expires: Int
        let line: Int
    }

    private var sockets: [Int: Int] = [:]
    /// Since when there are too many, and the lines that made it so.
    private(set) var excess: (us: Int, lines: [Int])?
    private var token: Token?
    private var lastReplaced: Token?
    private var wasRefused = false

    init(client: Int, allowed: Int = 1, overlap: Int = 0) {
        self.client = client
        self.allowed = allowed
        self.overlap = overlap
    }

    /// - Returns: whether there are more sockets than there may be for long.
    mutating func opened(_ socket: Int, us: Int, line: Int) -> Bool {
        self.sockets[socket] = line
        if self.sockets.count > self.allowed, self.excess == nil {
            self.excess = (us, self.sockets.values.sorted())
        }
        return self.excess != nil
    }

    mutating func closed(_ socket: Int) {
        self.sockets[socket] = nil
        if self.sockets.count <= self.allowed { self.excess = nil }
    }

    /// Says once that there have been too many sockets for too long.
    ///
    /// - Returns: whether that still has to be looked at.
    mutating func checkSockets(us: Int, line: Int, grace: Int, into findings: inout Findings) -> Bool {
        guard let excess = self.excess else { return false }
        guard us - excess.us > grace + self.overlap else { return true }
        let count = self.sockets.count
        findings.add(
            Breach(
                invariant: .oneSocket,
                client: self.client,
                stream: nil,
                message: "\(count) sockets were open for longer than it takes to replace one; \(self.allowed) may be",
                lines: excess.lines + [line]
            )
        )
        return false
    }

    mutating func issued(_ number: Int, replaces: Int?, expires: Int, us: Int, line: Int, into findings: inout Findings)
    {
        let new = Token(number: number, issued: us, expires: expires, line: line)
        defer {
            self.token = new
            self.wasRefused = false
        }
        guard let old = self.token else { return }
        findings.tally.refreshes += 1
        if self.lastReplaced?.number != replaces || replaces == nil { findings.tally.tokensReplaced += 1 }
        defer { self.lastReplaced = replaces == nil || replaces == old.number ? old : self.lastReplaced }
        guard !self.wasRefused else { return }
        if let replaces, replaces == self.lastReplaced?.number {
            self.tell(
                "Token \(replaces) was replaced twice",
                [self.lastReplaced?.line ?? 0, old.line, line],
                &findings
            )
        } else if us < old.issued + (old.expires - old.issued) / 2 {
            let message = "Token \(old.number) was replaced in the first half of its life, and nobody had refused it"
            self.tell(message, [old.line, line], &findings)
        }
    }

    mutating func refused(_ number: Int, expired: Bool, into findings: inout Findings) {
        if expired { findings.tally.expiredSent += 1 }
        if number == self.token?.number { self.wasRefused = true }
    }

    private func tell(_ message: String, _ lines: [Int], _ findings: inout Findings) {
        let breach = Breach(invariant: .oneRefresh, client: self.client, stream: nil, message: message, lines: lines)
        findings.add(breach)
    }
}
