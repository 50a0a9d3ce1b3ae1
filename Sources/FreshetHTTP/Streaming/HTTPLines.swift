// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

extension HTTPBody {
    /// The body line by line, as it comes: for watches and logs that send one JSON value a line.
    ///
    /// - Parameter limit: how many bytes a line may have.
    /// - Returns: the lines, without their breaks; what stands after the last break is one too.
    public func lines(upTo limit: Int = 16 << 20) -> HTTPLines { HTTPLines(body: self, limit: limit) }
}

/// A body's lines, as they come. It throws why the body broke off, and `.messageTooLarge` for a line beyond the limit.
public struct HTTPLines: AsyncSequence, Sendable {
    /// One kind of error, once.
    public typealias Failure = FreshetError

    let body: HTTPBody
    let limit: Int

    /// Makes an iterator over the lines.
    public func makeAsyncIterator() -> Iterator {
        Iterator(pieces: self.body.makeAsyncIterator(), splitter: LineSplitter(limit: self.limit))
    }

    /// Takes lines.
    public struct Iterator: AsyncIteratorProtocol {
        var pieces: HTTPBody.Iterator
        var splitter: LineSplitter
        private var lines: [Bytes] = []
        private var next = 0
        private var isOver = false

        init(pieces: HTTPBody.Iterator, splitter: LineSplitter) {
            self.pieces = pieces
            self.splitter = splitter
        }

        /// The next line, or nil at the end.
        ///
        /// - Returns: the line; nil at the end.
        /// - Throws: why the body broke off.
        public mutating func next() async throws(FreshetError) -> Bytes? { try await self.next(isolation: nil) }

        /// The next line, or nil at the end.
        ///
        /// - Parameter isolation: where the caller runs; there is no hop.
        /// - Returns: the line; nil at the end.
        /// - Throws: why the body broke off.
        public mutating func next(isolation: isolated (any Actor)?) async throws(FreshetError) -> Bytes? {
            while self.next == self.lines.count {
                guard !self.isOver else { return nil }
                self.next = 0
                if let piece = try await self.pieces.next(isolation: isolation) {
                    self.lines = try self.splitter.lines(in: piece)
                } else {
                    self.isOver = true
                    self.lines = self.splitter.end().map { [$0] } ?? []
                }
            }
            defer { self.next += 1 }
            return self.lines[self.next]
        }
    }
}
