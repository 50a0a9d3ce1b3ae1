// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// Finds what a server says in the bytes that it sends. Frames of the WebSocket mean nothing here: a line may span several, and
/// one may hold many.
///
/// What lies whole in one piece is not copied; what does not is put together once.
package struct NATSParser: Sendable {
    package enum Failure: Error, Sendable, Hashable {
        case malformed(String)
        case tooLarge(String)
    }

    private enum Step {
        case operation(NATSOperation, end: Int)
        /// There has to be more; so many bytes in all, where that is known.
        case incomplete(total: Int?)
    }

    /// The longest line: servers say what they are in one, and name all of their cluster there.
    package static let lineLimit = 64 << 10

    /// The largest message: headers and value.
    package var messageLimit = 64 << 20
    /// The beginning of something whose end has not come.
    private var pending: [UInt8] = []
    private var pendingTotal: Int?

    package init() {}

    /// - Parameters:
    ///   - bytes: what has come.
    ///   - operations: gets what was found; also what came before a failure.
    /// - Throws: why it cannot go on.
    package mutating func parse(_ bytes: Bytes, into operations: inout [NATSOperation]) throws(Failure) {
        var place = 0
        while !self.pending.isEmpty, place < bytes.count {
            place = self.complete(with: bytes, from: place)
            guard self.mayBeWhole else {
                guard self.pendingTotal != nil || self.pending.count <= Self.lineLimit else {
                    throw .tooLarge("a line without an end")
                }
                return
            }
            switch try self.step(Bytes(copying: self.pending), from: 0) {
            case .operation(let operation, _):
                operations.append(operation)
                self.pending = []
                self.pendingTotal = nil
            case .incomplete(let total): self.pendingTotal = total
            }
        }
        while place < bytes.count {
            switch try self.step(bytes, from: place) {
            case .operation(let operation, let end):
                operations.append(operation)
                place = end
            case .incomplete(let total):
                self.pending = bytes[place..<bytes.count].array
                self.pendingTotal = total
                place = bytes.count
            }
        }
    }

    /// Takes what is missing of the beginning that waits: up to its total, or up to the end of its line.
    private mutating func complete(with bytes: Bytes, from place: Int) -> Int {
        let end: Int
        if let total = self.pendingTotal {
            end = min(place + total - self.pending.count, bytes.count)
        } else {
            end = bytes.withBytes { raw in raw[place...].firstIndex(of: 0x0A).map { $0 + 1 } ?? raw.count }
        }
        bytes[place..<end].append(to: &self.pending)
        return end
    }

    /// It is looked at only then: a large message comes in many pieces.
    private var mayBeWhole: Bool {
        if let total = self.pendingTotal { self.pending.count == total } else { self.pending.last == 0x0A }
    }

    private func step(_ bytes: Bytes, from start: Int) throws(Failure) -> Step {
        try bytes.withBytes { raw throws(Failure) in
            guard let newline = raw[start...].firstIndex(of: 0x0A) else {
                guard raw.count - start <= Self.lineLimit else { throw .tooLarge("a line without an end") }
                return .incomplete(total: nil)
            }
            guard newline - start <= Self.lineLimit else { throw .tooLarge("a line of \(newline - start) bytes") }
            let isCRLF = newline > start && raw[newline - 1] == 0x0D
            let line = UnsafeRawBufferPointer(rebasing: raw[start..<(isCRLF ? newline - 1 : newline)])
            if NATSTokens.isWord(line.prefix(4), "MSG ") || NATSTokens.isWord(line.prefix(5), "HMSG ") {
                return try self.message(line, start, newline + 1, bytes, raw)
            }
            let text = start..<start + line.count
            return .operation(try Self.operation(line, bytes[text]), end: newline + 1)
        }
    }

    private func message(
        _ line: UnsafeRawBufferPointer,
        _ start: Int,
        _ body: Int,
        _ bytes: Bytes,
        _ raw: UnsafeRawBufferPointer
    ) throws(Failure) -> Step {
        guard let parsed = NATSMessageLine(line) else { throw .malformed("the first line of a message") }
        guard parsed.count <= self.messageLimit else { throw .tooLarge("a message of \(parsed.count) bytes") }
        let end = body + parsed.count
        guard raw.count >= end + 2 else { return .incomplete(total: end + 2 - start) }
        guard raw[end] == 0x0D, raw[end + 1] == 0x0A else { throw .malformed("a message is longer than it says") }
        return .operation(.message(NATSFrame(bytes[start..<end], parsed, body: body - start)), end: end + 2)
    }

    private static func operation(_ line: UnsafeRawBufferPointer, _ bytes: Bytes) throws(Failure) -> NATSOperation {
        var tokens = NATSTokens(line)
        guard let verb = tokens.next() else { throw .malformed("an empty line") }
        let word = line[verb]
        let rest = bytes[verb.upperBound..<bytes.count]
        if NATSTokens.isWord(word, "PING") { return .ping }
        if NATSTokens.isWord(word, "PONG") { return .pong }
        if NATSTokens.isWord(word, "+OK") { return .ok }
        if NATSTokens.isWord(word, "INFO") { return .info(rest) }
        guard NATSTokens.isWord(word, "-ERR") else { throw .malformed("a line that no server sends") }
        let text = rest.text.drop { $0 == " " || $0 == "'" }
        return .error(String(text.hasSuffix("'") ? text.dropLast() : text))
    }
}
