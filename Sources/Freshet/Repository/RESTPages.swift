// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP

/// A list as its server divides it.
struct RESTPages<Model: Codable & Sendable>: RepositoryPages {
    private let client: HTTPClient
    private let path: String
    private let paging: Paging
    private let query: HTTPQuery
    private var machine: PageMachine

    init(_ client: HTTPClient, at path: String, paging: Paging, query: HTTPQuery, size: Int?) {
        self.client = client
        self.path = path
        self.paging = paging
        self.query = query
        self.machine = PageMachine(paging, pageSize: size)
    }

    mutating func next(isolation: isolated (any Actor)?) async throws(FreshetError) -> [Model]? {
        guard let step = self.machine.next() else { return nil }
        let reply: HTTPReply
        switch step {
        case .query(let more):
            var query = self.query
            query.items += more
            reply = try await self.client.reply(
                to: .get,
                self.path,
                query: query,
                headers: [.accept: "application/json"]
            )
        case .url(let url):
            // One without a host is the origin's, wherever the client's paths begin.
            let origin = url.hasPrefix("/") ? self.client.origin ?? "" : ""
            reply = try await self.client.reply(to: .get, origin + url, headers: [.accept: "application/json"])
        }
        let body = reply.body.bytes ?? Bytes(copying: [])
        let items = try self.paging.items(in: body)
        let page = try HTTPReply(reply.response, body: HTTPBody(items)).decoded(as: [Model].self)
        try self.machine.received(body, reply.response.headerFields, count: page.count)
        return page
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
