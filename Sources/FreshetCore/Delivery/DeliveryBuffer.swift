// SPDX-License-Identifier: Apache-2.0

/// What waits between the loop and one consumer: bounded in elements and in bytes, in order, ended once.
///
/// It never drops: at its limit it asks for the socket not to be read, and takes what is already on its way, which is
/// one read at most.
@usableFromInline
package struct DeliveryBuffer<Element: Sendable>: Sendable {
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

    @usableFromInline package let elementLimit: Int
    @usableFromInline package let byteLimit: Int
    @usableFromInline var elements: [Element] = []
    @usableFromInline var bytes = 0
    @usableFromInline var suspended = false
    @usableFromInline var end: End?

    @inlinable package init(elementLimit: Int = 4096, byteLimit: Int = 1 << 20) {
        self.elementLimit = elementLimit
        self.byteLimit = byteLimit
    }

    @inlinable package var count: Int { self.elements.count }
    @inlinable package var byteCount: Int { self.bytes }

    /// Nothing to take, and not over.
    @inlinable package var isWaitedFor: Bool { self.elements.isEmpty && self.end == nil }

    /// Appends a batch; true when reading is to be suspended.
    @inlinable package mutating func append(_ batch: [Element], bytes: Int) -> Bool {
        guard self.end == nil else { return false }
        self.elements.append(contentsOf: batch)
        self.bytes += bytes
        self.suspended = self.elements.count >= self.elementLimit || self.bytes >= self.byteLimit
        return self.suspended
    }

    /// Gives the last element, if it still waits, the chance to take in what would come next; false: append that.
    @inlinable package mutating func mergeIntoLast(_ merge: (Element) -> Element?) -> Bool {
        guard let last = self.elements.last, let merged = merge(last) else { return false }
        self.elements[self.elements.count - 1] = merged
        return true
    }

    /// Ends it; what waits is still handed out first. Only the first end counts.
    @inlinable package mutating func finish(_ end: End) {
        self.end = self.end ?? end
    }

    /// The consumer left: nothing is handed out any more. True when reading had been suspended.
    @inlinable package mutating func discard() -> Bool {
        self.elements = []
        self.bytes = 0
        self.end = .finished
        defer { self.suspended = false }
        return self.suspended
    }

    @inlinable package mutating func take() -> Taken {
        if !self.elements.isEmpty {
            let batch = self.elements
            self.elements = []
            self.bytes = 0
            defer { self.suspended = false }
            return .batch(batch, resume: self.suspended)
        }
        guard let end = self.end else { return .empty }
        self.end = .finished  // an error is thrown once; after it the sequence is over
        return .end(end)
    }
}
