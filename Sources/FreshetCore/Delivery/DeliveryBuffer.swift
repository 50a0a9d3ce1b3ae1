// SPDX-License-Identifier: Apache-2.0

/// What waits between the loop and one consumer: bounded in elements and in bytes, in order, ended once.
///
/// What happens at the limit is its policy's. What is dropped is counted, and an element that says so stands before those
/// that are left. A batch that is on its way is taken whole, so a buffer may hold its limit and one read.
@usableFromInline
package struct DeliveryBuffer<Element: DeliveryElement>: Sendable {
    @usableFromInline
    package enum End: Sendable {
        case finished
        case failed(FreshetError)
    }

    @usableFromInline
    package enum Taken: Sendable {
        /// Everything that waited; `resume` says that reading may go on.
        case batch([Element], resume: Bool)
        case end(End)
        case empty
    }

    /// What an append has come to.
    @usableFromInline
    package enum Appended: Sendable, Equatable {
        case taken
        /// The connection is not to be read for now.
        case full
        /// The feed has ended because of it.
        case overflowed
    }

    @usableFromInline package let policy: DeliveryPolicy
    @usableFromInline var elements: [Element] = []
    /// The place of the first that waits; what is before it was dropped.
    @usableFromInline var head = 0
    @usableFromInline var bytes = 0
    @usableFromInline var suspended = false
    @usableFromInline var end: End?
    /// When the oldest batch that waits came.
    @usableFromInline package var oldest: Duration?
    /// Dropped since the last batch was taken, and not told yet.
    @usableFromInline var dropped = 0
    /// All ever dropped.
    @usableFromInline package private(set) var droppedInAll = 0

    @inlinable package init(_ policy: DeliveryPolicy = DeliveryPolicy()) {
        self.policy = policy
    }

    /// How many wait.
    @inlinable package var count: Int { self.elements.count - self.head }
    @inlinable package var byteCount: Int { self.bytes }

    /// Nothing to take, and not over.
    @inlinable package var isWaitedFor: Bool { self.elements.isEmpty && self.end == nil }

    @inlinable var isOver: Bool { self.count > self.policy.elements || self.bytes > self.policy.bytes }

    /// Appends a batch.
    @inlinable package mutating func append(_ batch: [Element], bytes: Int, at now: Duration? = nil) -> Appended {
        guard self.end == nil else { return .taken }
        if self.elements.isEmpty { self.oldest = now }
        if case .suspending = self.policy.overflow {
            self.elements.append(contentsOf: batch)
            self.bytes += bytes
            self.suspended = self.count >= self.policy.elements || self.bytes >= self.policy.bytes
            return self.suspended ? .full : .taken
        }
        return self.appendDropping(batch)
    }

    @usableFromInline mutating func appendDropping(_ batch: [Element]) -> Appended {
        for element in batch {
            self.elements.append(element)
            self.bytes += element.byteCount
            // One alone may be larger than all that may wait.
            guard self.isOver, self.count > 1 else { continue }
            switch self.policy.overflow {
            case .suspending:
                break
            case .failOnOverflow:
                self.bytes -= self.elements.removeLast().byteCount
                let limit =
                    self.bytes + element.byteCount > self.policy.bytes
                    ? "\(self.policy.bytes) bytes" : "\(self.policy.elements) elements"
                self.end = .failed(
                    FreshetError(
                        .overflow,
                        "the consumer is slower than its feed: \(limit) wait already",
                        hint: "consume faster, allow for more, or choose another delivery policy"
                    )
                )
                return .overflowed
            case .dropOldest, .latestPerKey:
                self.makeRoom()
            }
        }
        return .taken
    }

    private mutating func makeRoom() {
        if case .latestPerKey(let path) = self.policy.overflow {
            // A pass over all of them pays only when many have come since the last one.
            let slack = self.policy.elements / 8
            guard self.count > self.policy.elements + slack || self.bytes > self.policy.bytes + self.policy.bytes / 8
            else { return }
            self.dropSuperseded(path)
        }
        while self.isOver, self.count > 1 { self.dropFirst() }
    }

    /// Gaps are not dropped: they are merged into the count that will stand at the head.
    private mutating func dropFirst() {
        let element = self.elements[self.head]
        self.bytes -= element.byteCount
        self.head += 1
        if element.isDroppable {
            self.noteDrop()
        } else {
            self.keptGap = self.keptGap.flatMap { $0.merged(with: element) } ?? element
        }
        guard self.head >= 64, self.head > self.elements.count / 2 else { return }
        self.elements.removeFirst(self.head)
        self.head = 0
    }

    /// A gap that stood among what was dropped.
    @usableFromInline var keptGap: Element?

    private mutating func noteDrop() {
        self.dropped += 1
        self.droppedInAll += 1
    }

    /// Leaves only the latest of each key.
    private mutating func dropSuperseded(_ path: JSONPath) {
        var seen: Set<JSONValue> = []
        var kept: [Element] = []
        for element in self.elements[self.head...].reversed() {
            guard let key = element.key(at: path), !seen.insert(key).inserted else {
                // Few of many: they must not keep whole reads alive.
                kept.append(element.detached())
                continue
            }
            self.bytes -= element.byteCount
            self.noteDrop()
        }
        kept.reverse()
        self.elements = kept
        self.head = 0
    }

    /// Appends an element, or merges it into the last one that waits.
    @inlinable package mutating func appendMerging(_ element: Element, at now: Duration? = nil) -> Appended {
        if self.end == nil, self.count > 0, let merged = self.elements[self.elements.count - 1].merged(with: element) {
            self.elements[self.elements.count - 1] = merged
            return self.suspended ? .full : .taken
        }
        return self.append([element], bytes: element.byteCount, at: now)
    }

    /// Ends it; what waits is still handed out first. Only the first end counts.
    @inlinable package mutating func finish(_ end: End) {
        self.end = self.end ?? end
    }

    /// The consumer left: nothing is handed out any more. True when reading had been suspended.
    @inlinable package mutating func discard() -> Bool {
        self.elements = []
        self.head = 0
        self.bytes = 0
        self.dropped = 0
        self.keptGap = nil
        self.end = .finished
        defer { self.suspended = false }
        return self.suspended
    }

    @inlinable package mutating func take() -> Taken {
        if !self.elements.isEmpty {
            let isWhole = self.head == 0 && self.dropped == 0 && self.keptGap == nil
            let batch = isWhole ? self.elements : self.batchAfterDrops()
            self.elements = []
            self.head = 0
            self.bytes = 0
            defer { self.suspended = false }
            return .batch(batch, resume: self.suspended)
        }
        guard let end = self.end else { return .empty }
        self.end = .finished  // an error is thrown once; after it the sequence is over
        return .end(end)
    }

    /// What was dropped is told first: everything that is left is newer.
    @usableFromInline mutating func batchAfterDrops() -> [Element] {
        var batch: [Element] = []
        var gap = self.keptGap
        if self.dropped > 0, let told = Element.dropped(self.dropped) {
            gap = gap.flatMap { $0.merged(with: told) } ?? told
        }
        if let gap { batch.append(gap) }
        batch.append(contentsOf: self.elements[self.head...])
        self.dropped = 0
        self.keptGap = nil
        return batch
    }
}
