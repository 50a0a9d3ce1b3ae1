// SPDX-License-Identifier: Apache-2.0

/// One direction of a connection: what waits to be written, in order, and when it may be. The network's conditions are here.
struct ProxyPipe: Sendable {
    /// What the pipe comes to.
    enum End: Sendable {
        /// The other side has ended its half.
        case relayed
        case cut(FaultCut)
    }

    enum Next {
        case bytes(ArraySlice<UInt8>)
        case end(End)
    }

    private enum Content: Sendable {
        case bytes([UInt8])
        case end(End)
    }

    private struct Item: Sendable {
        let content: Content
        let due: Duration
    }

    private var random: SeededRandom
    private var items: [Item] = []
    private var first = 0
    /// How much of the first item has been written.
    private var written = 0
    /// What is left of the present segment.
    private var segment: Int?
    /// When the line is free again.
    private var freeAt: Duration = .zero
    private var lastDue: Duration = .zero
    /// How many bytes wait.
    private(set) var count = 0

    init(seed: UInt64) { self.random = SeededRandom(seed) }

    var isEmpty: Bool { self.first == self.items.count }

    /// Whether a part of something has been written, and not all of it.
    var isInside: Bool { self.written > 0 }

    /// When there is something to do; nil for never.
    var due: Duration? { self.isEmpty ? nil : max(self.items[self.first].due, self.freeAt) }

    mutating func append(
        _ bytes: [UInt8],
        at now: Duration,
        _ conditions: NetworkConditions,
        later: Duration = .zero
    ) {
        guard !bytes.isEmpty else { return }
        self.count += bytes.count
        self.append(.bytes(bytes), at: now, conditions, later)
    }

    mutating func end(_ end: End, at now: Duration, _ conditions: NetworkConditions) {
        self.append(.end(end), at: now, conditions, .zero)
    }

    mutating func removeAll() {
        self.items = []
        (self.first, self.written, self.count, self.segment) = (0, 0, 0, nil)
    }

    /// What may be written now. With `wrote`, or `removeEnd`, the next one is had.
    mutating func next(at now: Duration, _ conditions: NetworkConditions) -> Next? {
        guard let due = self.due, due <= now else { return nil }
        switch self.items[self.first].content {
        case .end(let end): return .end(end)
        case .bytes(let bytes):
            var part = bytes.count - self.written
            if let sizes = conditions.segments {
                // What is left of a segment that began under other conditions may be larger than these allow.
                let size = max(min(self.segment ?? Int.random(in: sizes, using: &self.random), sizes.upperBound), 1)
                self.segment = size
                part = min(part, size)
            }
            // A twentieth of a second at a time.
            if let rate = conditions.bytesPerSecond { part = min(part, max(rate / 20, 1)) }
            return .bytes(bytes[self.written..<self.written + part])
        }
    }

    mutating func wrote(_ count: Int, at now: Duration, _ conditions: NetworkConditions) {
        guard count > 0, case .bytes(let bytes) = self.items[self.first].content else { return }
        self.count -= count
        self.written += count
        if self.written == bytes.count { self.removeFirst() }
        if let rate = conditions.bytesPerSecond {
            self.freeAt = max(now, self.freeAt) + .seconds(1) * count / max(rate, 1)
        }
        guard let segment = self.segment else { return }
        self.segment = segment > count && conditions.segments != nil ? segment - count : nil
        if self.segment == nil, conditions.pause > .zero { self.freeAt = max(self.freeAt, now + conditions.pause) }
    }

    mutating func removeEnd() { self.removeFirst() }

    private mutating func append(
        _ content: Content,
        at now: Duration,
        _ conditions: NetworkConditions,
        _ later: Duration
    ) {
        var due = now + max(conditions.latency, .zero) + max(later, .zero)
        if conditions.jitter > .zero { due += conditions.jitter * Double.random(in: 0..<1, using: &self.random) }
        self.lastDue = max(self.lastDue, due)
        self.items.append(Item(content: content, due: self.lastDue))
    }

    private mutating func removeFirst() {
        self.first += 1
        self.written = 0
        // Seldom, so that each item costs the same however many wait.
        if self.first == self.items.count || self.first >= 1024 {
            self.items.removeFirst(self.first)
            self.first = 0
        }
    }
}
