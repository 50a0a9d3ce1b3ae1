// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Cuts pieces into lines that end with LF or CRLF.
struct LineSplitter {
    private var rest: [UInt8] = []
    private let limit: Int
    /// For server-sent events: a lone CR ends a line too.
    private let endsAtReturn: Bool
    private var skipsLineFeed = false

    /// - Parameters:
    ///   - limit: how many bytes a line may have.
    ///   - endsAtReturn: whether a lone CR ends a line too.
    init(limit: Int, endsAtReturn: Bool = false) {
        self.limit = limit
        self.endsAtReturn = endsAtReturn
    }

    mutating func lines(in piece: Bytes) throws(FreshetError) -> [Bytes] {
        var lines: [Bytes] = []
        var start = 0
        for place in 0..<piece.count {
            let byte = piece[place]
            if self.skipsLineFeed, byte == 0x0A {
                self.skipsLineFeed = false
                start = place + 1
                continue
            }
            self.skipsLineFeed = false
            guard byte == 0x0A || byte == 0x0D && self.endsAtReturn else { continue }
            self.skipsLineFeed = byte == 0x0D
            lines.append(self.line(piece[start..<place]))
            start = place + 1
        }
        if start < piece.count { piece[start..<piece.count].append(to: &self.rest) }
        // Its last CR may belong to the line break.
        let unfinished = self.rest.count - (self.rest.last == 0x0D ? 1 : 0)
        guard unfinished <= self.limit, lines.allSatisfy({ $0.count <= self.limit }) else {
            throw FreshetError(.messageTooLarge, "a line is longer than \(self.limit) bytes", hint: "raise the limit")
        }
        return lines
    }

    private mutating func line(_ end: Bytes) -> Bytes {
        guard self.rest.isEmpty else {
            end.append(to: &self.rest)
            defer { self.rest = [] }
            return Self.withoutReturn(Bytes(copying: self.rest))
        }
        return Self.withoutReturn(end)
    }

    private static func withoutReturn(_ line: Bytes) -> Bytes {
        line.count > 0 && line[line.count - 1] == 0x0D ? line[0..<line.count - 1] : line
    }

    /// What stands after the last line break.
    mutating func end() -> Bytes? {
        defer { self.rest = [] }
        return self.rest.isEmpty ? nil : Self.withoutReturn(Bytes(copying: self.rest))
    }
}
