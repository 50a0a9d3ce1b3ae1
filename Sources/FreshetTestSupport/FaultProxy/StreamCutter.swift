// SPDX-License-Identifier: Apache-2.0

/// Cuts one direction's bytes into heads of HTTP, frames, and whatever is neither: the same at every split, and together
/// always the bytes that came.
struct StreamCutter: Sendable {
    enum Piece {
        case head([UInt8])
        case frame(ProxyFrame)
        case bytes([UInt8])
    }

    enum Mode: Equatable {
        case head
        /// So many bytes of a body, then a head.
        case body(Int)
        /// What follows depends on the other side.
        case waiting
        case frames
        /// Anything, to the end.
        case raw
    }

    private static let headLimit = 65536
    private static let firstLineLimit = 16384

    private let sender: FaultLogEntry.Side
    private(set) var mode = Mode.head
    private var buffer: [UInt8] = []
    private var start = 0

    /// - Parameter sender: whose bytes they are: a client's, or a server's.
    init(of sender: FaultLogEntry.Side) { self.sender = sender }

    private var present: ArraySlice<UInt8> { self.buffer[self.start...] }

    /// How much waits.
    var count: Int { self.buffer.count - self.start }

    mutating func append(_ bytes: [UInt8]) {
        if self.start > 0 {
            self.buffer.removeFirst(self.start)
            self.start = 0
        }
        self.buffer += bytes
    }

    mutating func expect(_ mode: Mode) { self.mode = mode }

    /// What there is of an unfinished piece, when no more will come.
    mutating func takeRest() -> [UInt8] { self.take(self.count) }

    /// The next piece, when it has come whole.
    mutating func next() -> Piece? {
        guard self.count > 0 else { return nil }
        switch self.mode {
        case .waiting: return nil
        case .raw: return .bytes(self.take(self.count))
        case .body(let due):
            let part = min(due, self.count)
            self.mode = part == due ? .head : .body(due - part)
            return .bytes(self.take(part))
        case .head: return self.nextHead()
        case .frames:
            switch ProxyFrame.parse(self.present) {
            case .incomplete: return nil
            case .tooLarge:
                self.mode = .raw
                return self.next()
            case .frame(let frame):
                self.start += frame.bytes.count
                return .frame(frame)
            }
        }
    }

    private mutating func nextHead() -> Piece? {
        if let isHTTP = self.isHTTP, !isHTTP {
            self.mode = .raw
            return self.next()
        }
        guard let end = self.endOfHead else {
            guard self.count > Self.headLimit else { return nil }
            self.mode = .raw
            return self.next()
        }
        return .head(self.take(end))
    }

    /// Whether this is HTTP/1, by its first line; nil while it may be. TLS and other protocols are not.
    private var isHTTP: Bool? {
        let mark = Array("HTTP/1.".utf8)
        if self.sender == .server {
            guard self.present.prefix(mark.count).elementsEqual(mark.prefix(self.count)) else { return false }
            return self.count >= mark.count ? true : nil
        }
        guard let first = self.present.first, (0x41...0x5A).contains(first) else { return false }
        guard let line = self.present.firstIndex(of: 0x0A) else {
            return self.count > Self.firstLineLimit ? false : nil
        }
        return self.present[..<line].contains(mark)
    }

    private var endOfHead: Int? {
        var lineIsEmpty = false
        for (offset, byte) in self.present.enumerated() where byte != 0x0D {
            if byte == 0x0A, lineIsEmpty { return offset + 1 }
            lineIsEmpty = byte == 0x0A
        }
        return nil
    }

    private mutating func take(_ count: Int) -> [UInt8] {
        let taken = Array(self.present.prefix(count))
        self.start += count
        return taken
    }
}
