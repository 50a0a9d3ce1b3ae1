// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// A list that comes page by page, as it is iterated. Each iteration begins with the first page.
///
/// A list that changes while it is read may have an object twice, or miss one, as the server's paging is.
public struct RepositoryList<Model: Codable & Sendable>: AsyncSequence, Sendable {
    /// One kind of error, once.
    public typealias Failure = FreshetError

    let pages: @Sendable () -> any RepositoryPages<Model>

    /// Makes an iterator; nothing is asked before its first `next()`.
    public func makeAsyncIterator() -> Iterator {
        Iterator(pages: self.pages())
    }

    /// Takes objects, and pages where they run out.
    public struct Iterator: AsyncIteratorProtocol {
        private var pages: any RepositoryPages<Model>
        private var page: [Model] = []
        private var next = 0

        init(pages: any RepositoryPages<Model>) { self.pages = pages }

        /// The next object, or nil at the end.
        ///
        /// - Returns: the object; nil at the end.
        /// - Throws: what a page's status means, `.decoding`, or why there was no answer.
        public mutating func next() async throws(FreshetError) -> Model? {
            try await self.next(isolation: nil)
        }

        /// The next object, or nil at the end.
        ///
        /// - Parameter isolation: where the caller runs.
        /// - Returns: the object; nil at the end.
        /// - Throws: what a page's status means, `.decoding`, or why there was no answer.
        public mutating func next(isolation: isolated (any Actor)?) async throws(FreshetError) -> Model? {
            while self.next == self.page.count {
                guard let page = try await self.pages.next(isolation: isolation) else { return nil }
                self.page = page
                self.next = 0
            }
            defer { self.next += 1 }
            return self.page[self.next]
        }
    }
}
