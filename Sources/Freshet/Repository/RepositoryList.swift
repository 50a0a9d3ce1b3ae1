// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
import FreshetHTTP

/// A list that comes page by page, as it is iterated. Each iteration begins with the first page.
///
/// A list that changes while it is read may have an object twice, or miss one, as the server's paging is.
public struct RepositoryList<Model: Codable & Sendable>: AsyncSequence, Sendable {
    /// One kind of error, once.
    public typealias Failure = FreshetError

    let client: HTTPClient
    let path: String
    let paging: Paging
    let query: HTTPQuery
    let pageSize: Int?

    /// Makes an iterator; nothing is asked before its first `next()`.
    public func makeAsyncIterator() -> Iterator {
        Iterator(list: self)
    }

    /// Takes objects, and pages where they run out.
    public struct Iterator: AsyncIteratorProtocol {
        private let list: RepositoryList
        private var pages: PageMachine
        private var page: [Model] = []
        private var next = 0

        init(list: RepositoryList) {
            self.list = list
            self.pages = PageMachine(list.paging, pageSize: list.pageSize)
        }

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
                guard let step = self.pages.next() else { return nil }
                self.page = try await self.fetch(step, isolation)
                self.next = 0
            }
            defer { self.next += 1 }
            return self.page[self.next]
        }

        private mutating func fetch(
            _ step: PageMachine.Step,
            _ isolation: isolated (any Actor)?
        ) async throws(FreshetError) -> [Model] {
            let reply: HTTPReply
            switch step {
            case .query(let more):
                var query = self.list.query
                query.items += more
                reply = try await self.list.client.reply(
                    to: .get,
                    self.list.path,
                    query: query,
                    headers: [.accept: "application/json"]
                )
            case .url(let url):
                // One without a host is the origin's, wherever the client's paths begin.
                let origin = url.hasPrefix("/") ? self.list.client.origin ?? "" : ""
                reply = try await self.list.client.reply(to: .get, origin + url, headers: [.accept: "application/json"])
            }
            let body = reply.body.bytes ?? Bytes(copying: [])
            let items = try self.list.paging.items(in: body)
            let page = try HTTPReply(reply.response, body: HTTPBody(items)).decoded(as: [Model].self)
            try self.pages.received(body, reply.response.headerFields, count: page.count)
            return page
        }
    }
}

extension Paging {
    fileprivate func items(in body: Bytes) throws(FreshetError) -> Bytes {
        guard let path = self.items else { return body }
        guard let items = path.find(in: body) else {
            throw FreshetError(
                .decoding,
                "a list has no \(path.keys.joined(separator: "."))",
                hint: "say where the server's lists are: Repository(…, paging: .cursor(items: …))"
            )
        }
        return items
    }
}
