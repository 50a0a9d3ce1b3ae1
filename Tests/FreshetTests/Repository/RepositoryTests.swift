// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetTestSupport
import HTTPTypes
import Testing

/// Objects over REST, with a script as the server.
@Suite struct RepositoryTests {
    struct Item: Codable, Sendable, Identifiable, Equatable {
        var id: String
        var title: String
    }

    private static func items(
        _ paging: Paging = .cursor(),
        answer: @escaping ScriptedHTTPTransport.Answer
    ) -> (Repository<Item>, ScriptedHTTPTransport) {
        let transport = ScriptedHTTPTransport(answer)
        let client = HTTPClient(baseURL: "https://api.test/v1", middlewares: [], transport: transport)
        return (Repository<Item>(client, at: "items", paging: paging), transport)
    }

    private static func reply(_ text: String, _ headers: HTTPFields = [:]) -> HTTPReply {
        HTTPReply(HTTPResponse(status: .ok, headerFields: headers), body: HTTPBody(Array(text.utf8)))
    }

    @Test("An id is one step of the path, whatever is in it")
    func paths() async throws {
        let (items, transport) = Self.items { _, _ in Self.reply(#"{"id":"a/b","title":"x"}"#) }
        #expect(try await items.get("a/b ?").id == "a/b")
        #expect(transport.calls.first?.request.path == "/v1/items/a%2Fb%20%3F")
    }

    @Test("A list asks for the next page when the last one has been taken, and ends with the one that has no next")
    func cursorPages() async throws {
        let (items, transport) = Self.items { call, _ in
            call.request.path?.contains("cursor=c2") == true
                ? Self.reply(#"{"items":[{"id":"3","title":"c"}],"next":null}"#)
                : Self.reply(#"{"items":[{"id":"1","title":"a"},{"id":"2","title":"b"}],"next":"c2"}"#)
        }
        var list = items.list(["q": "tea"], pageSize: 2).makeAsyncIterator()
        #expect(try await list.next()?.id == "1")
        #expect(try await list.next()?.id == "2")
        #expect(transport.calls.count == 1)
        #expect(try await list.next()?.id == "3")
        #expect(try await list.next() == nil)
        #expect(
            transport.calls.map(\.request.path) == ["/v1/items?q=tea&limit=2", "/v1/items?q=tea&limit=2&cursor=c2"]
        )
    }

    @Test("Pages by number and by offset end with an empty one, those by Link where there is none")
    func otherPages() async throws {
        let (numbered, first) = Self.items(.page()) { _, number in
            Self.reply(number == 3 ? "[]" : #"[{"id":"\#(number)","title":""}]"#)
        }
        var ids: [String] = []
        for try await item in numbered.list(pageSize: 1) { ids.append(item.id) }
        #expect(ids == ["1", "2"])
        #expect(first.calls.last?.request.path == "/v1/items?per_page=1&page=3")

        let (offset, second) = Self.items(.offset()) { _, number in
            Self.reply(number == 2 ? "[]" : #"[{"id":"1","title":""},{"id":"2","title":""}]"#)
        }
        for try await _ in offset.list() {}
        #expect(second.calls.last?.request.path == "/v1/items?offset=2")

        let (linked, third) = Self.items(.link()) { _, number in
            let next: HTTPFields =
                number == 1
                ? [HTTPField.Name("Link")!: #"</v1/items?p=1>; rel="prev", </v1/items?p=3>; rel="next""#] : [:]
            return Self.reply(#"[{"id":"\#(number)","title":""}]"#, next)
        }
        for try await _ in linked.list() {}
        #expect(third.calls.map(\.request.path) == ["/v1/items", "/v1/items?p=3"])
    }

    @Test("A list whose page is its own next one ends with an error instead of never")
    func circle() async throws {
        let (items, transport) = Self.items { _, _ in Self.reply(#"{"items":[],"next":"c"}"#) }
        let error = await #expect(throws: FreshetError.self) { for try await _ in items.list() {} }
        #expect(error?.kind == .protocolViolation)
        #expect(transport.calls.count == 2)
    }

    @Test("A change is sent on the condition of a version, and another version is a conflict that says which")
    func conditions() async throws {
        let (items, transport) = Self.items { call, number in
            switch number {
            case 1: Self.reply(#"{"id":"1","title":"a"}"#, [.eTag: "\"7\""])
            default: .status(.preconditionFailed, headers: [.eTag: "\"8\""])
            }
        }
        let item = try await items.getVersioned("1")
        #expect(item.version == "\"7\"")
        let error = await #expect(throws: FreshetError.self) {
            _ = try await items.update("1", with: ["title": "b"], ifVersion: item.version)
        }
        #expect(error?.kind == .conflict(version: "\"8\""))
        let call = try #require(transport.calls.last)
        #expect(call.request.method == .patch)
        #expect(call.request.headerFields[.ifMatch] == "\"7\"")
    }

    @Test("A watched object is asked for on condition, and handed out when it has changed; its end is an error")
    func watching() async throws {
        let (items, transport) = Self.items { call, number in
            switch number {
            case 1: Self.reply(#"{"id":"1","title":"a"}"#, [.eTag: "\"1\""])
            case 2: .status(.notModified)
            case 3: Self.reply(#"{"id":"1","title":"b"}"#, [.eTag: "\"2\""])
            default: .status(.notFound)
            }
        }
        let pace = PollPace(interval: .milliseconds(1), jitter: 0)
        var titles: [String] = []
        let error = await #expect(throws: FreshetError.self) {
            for try await event in items.watch("1", pace: pace).positioned {
                titles.append(event.value?.title ?? "gap")
                #expect(event.source == .rest)
            }
        }
        #expect(titles == ["a", "b"])
        #expect(error?.kind == .notFound)
        #expect(transport.calls.map { $0.request.headerFields[.ifNoneMatch] } == [nil, "\"1\"", "\"1\"", "\"2\""])
    }

    @Test("A repository with a feed watches by that")
    func live() async throws {
        let client = HTTPClient(baseURL: "https://api.test", transport: ScriptedHTTPTransport { _, _ in .status(.ok) })
        let items = Repository<Item>(client, at: "items") { id in
            Feed.polling { _ in .value(Item(id: id, title: "from the feed")) }
        }
        var feed = items.watch("7").makeAsyncIterator()
        #expect(try await feed.next()?.value == Item(id: "7", title: "from the feed"))
    }

    @Test("What a server says is wrong with a draft is said field by field")
    func validation() async throws {
        let (items, _) = Self.items { _, _ throws(FreshetError) in
            try .json(
                ["errors": [["pointer": "#/title", "detail": "must not be empty"]]],
                status: .unprocessableContent
            )
        }
        let error = await #expect(throws: FreshetError.self) { _ = try await items.create(["title": ""]) }
        #expect(error?.kind == .validation([FieldError(path: ["title"], message: "must not be empty")]))
    }
}
