// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments
import FreshetTestSupport
import Testing

/// Lists and watches against the stand-in.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct KubernetesWatchTests {
    private static func maps(
        _ client: KubernetesClient,
        labels: String? = nil
    ) throws -> KubernetesResources<ConfigMap> {
        try client.resources(of: "v1", "configmaps", namespace: "default", labels: labels)
    }

    private static func world(
        _ change: (inout KubernetesConfiguration) -> Void = { _ in }
    ) async throws -> (KubernetesStandIn, KubernetesClient, KubernetesResources<ConfigMap>) {
        let server = try await KubernetesStandIn()
        var configuration = server.configuration()
        change(&configuration)
        let client = try KubernetesClient(configuration)
        return (server, client, try self.maps(client))
    }

    @Test("First the list, then every change, over a WebSocket with an Origin")
    func listThenWatch() async throws {
        let (server, client, maps) = try await Self.world()
        defer { server.stop() }
        try await maps.create("a", ConfigMap("1"))
        let log = DocumentLog(maps.watch())
        await log.entries(1)
        try await maps.put("b", ConfigMap("2"))
        try await maps.put("a", ConfigMap("3"))
        try await maps.delete("b")
        #expect(
            await log.entries(4) == [.snapshot(["a": "1"]), .put("b", "2"), .put("a", "3"), .delete("b")]
        )
        let counts = try await server.counts()
        #expect(counts.webSockets == 1)
        #expect(counts.streams == 0)
        #expect(counts.withoutOrigin == 0)
        await log.stop()
        _ = try await server.counts { $0.open == 0 }
        await client.close()
    }

    @Test("A list comes in pages, all from the same moment")
    func pages() async throws {
        let (server, client, maps) = try await Self.world { $0.pageSize = 3 }
        defer { server.stop() }
        for number in 0..<10 { try await maps.create("m\(number)", ConfigMap("\(number)")) }
        let snapshot = try await maps.list()
        #expect(snapshot.documents.map(\.key) == (0..<10).map { "m\($0)" })
        #expect(try await server.counts().pages == 4)
        #expect(snapshot.documents.allSatisfy { $0.value.kind == "Thing" })
        await client.close()
    }

    @Test("Objects of all namespaces are known by namespace and name; selectors are the server's")
    func namespacesAndLabels() async throws {
        let (server, client, _) = try await Self.world()
        defer { server.stop() }
        let all: KubernetesResources<ConfigMap> = try client.resources(of: "v1", "configmaps", labels: "app=web")
        try await all.create("one/a", ConfigMap("1", labels: ["app": "web"]))
        try await all.create("two/a", ConfigMap("2", labels: ["app": "db"]))
        let log = DocumentLog(all.watch())
        await log.entries(1)
        try await all.put("two/a", ConfigMap("3", labels: ["app": "web"]))
        try await all.put("one/a", ConfigMap("4", labels: ["app": "db"]))
        #expect(await log.entries(3) == [.snapshot(["one/a": "1"]), .put("two/a", "3"), .delete("one/a")])
        await client.close()
    }

    @Test("A watch that the server ends is made again from where it stood, without a gap", arguments: [false, true])
    func ends(streamed: Bool) async throws {
        let (server, client, maps) = try await Self.world()
        defer { server.stop() }
        try await server.tell(["endWatchesAfter": 0.05, "refuseUpgrades": streamed ? 400 : 0])
        let log = DocumentLog(maps.watch())
        await log.entries(1)
        for number in 1...40 { try await maps.put("a", ConfigMap("\(number)")) }
        #expect(await log.entries(41) == [.snapshot([:])] + (1...40).map { .put("a", "\($0)") })
        let counts = try await server.counts { (streamed ? $0.streams : $0.webSockets) > 2 }
        #expect(counts.lists == 1)
        #expect(counts.webSockets == (streamed ? 0 : counts.webSockets))
        await client.close()
    }

    @Test("A watch that breaks is made again from where it stood, without a gap", arguments: [false, true])
    func breaks(streamed: Bool) async throws {
        let (server, client, maps) = try await Self.world()
        defer { server.stop() }
        try await server.tell(["refuseUpgrades": streamed ? 400 : 0])
        let log = DocumentLog(maps.watch())
        await log.entries(1)
        for number in 1...5 {
            _ = try await server.counts { $0.open == 1 }
            try await maps.put("a", ConfigMap("\(number)"))
            try await server.tell(["cut": true])
            try await maps.put("b", ConfigMap("\(number)"))
        }
        let expected = (1...5).flatMap { [DocumentLog.Entry.put("a", "\($0)"), .put("b", "\($0)")] }
        #expect(await log.entries(11) == [.snapshot([:])] + expected)
        #expect(try await server.counts().lists == 1)
        await client.close()
    }

    @Test("What the server no longer has is told by a gap, and made up for by a new list", arguments: [false, true])
    func expired(streamed: Bool) async throws {
        let (server, client, maps) = try await Self.world()
        defer { server.stop() }
        try await server.tell(["refuseUpgrades": streamed ? 400 : 0])
        try await maps.create("a", ConfigMap("1"))
        let position = try await maps.list().position
        try await maps.put("b", ConfigMap("2"))
        try await server.tell(["forget": true])
        let log = DocumentLog(maps.watch(from: .after(try #require(position))))
        #expect(await log.entries(2) == [.gap(.compacted), .snapshot(["a": "1", "b": "2"])])
        try await maps.delete("a")
        #expect(await log.entries(3).last == .delete("a"))
        await client.close()
    }

    @Test("A saved position is gone on from in another client")
    func position() async throws {
        let (server, client, maps) = try await Self.world()
        defer { server.stop() }
        try await maps.create("a", ConfigMap("1"))
        let log = DocumentLog(maps.watch())
        await log.entries(1)
        try await maps.put("a", ConfigMap("2"))
        await log.entries(2)
        let position = try #require(log.position)
        await client.close()
        let other = try KubernetesClient(server.configuration())
        let resources = try Self.maps(other)
        try await resources.put("a", ConfigMap("3"))
        let second = DocumentLog(resources.watch(from: .after(position)))
        #expect(await second.entries(1) == [.put("a", "3")])
        await other.close()
    }

    @Test("From now on there are changes only")
    func now() async throws {
        let (server, client, maps) = try await Self.world()
        defer { server.stop() }
        try await maps.create("a", ConfigMap("1"))
        let log = DocumentLog(maps.watch(from: .now))
        _ = try await server.counts { $0.open == 1 }
        try await maps.put("a", ConfigMap("2"))
        #expect(await log.entries(1) == [.put("a", "2")])
        // And after a gap the list.
        try await server.tell(["forget": true, "refuseUpgrades": 503, "cut": true])
        try await maps.put("b", ConfigMap("3"))
        try await server.tell(["forget": true, "refuseUpgrades": 0])
        #expect(await log.entries(3).dropFirst() == [.gap(.compacted), .snapshot(["a": "2", "b": "3"])])
        await client.close()
    }

    @Test("Bookmarks move the position, and are handed out to those who ask for them")
    func bookmarks() async throws {
        let (server, client, maps) = try await Self.world()
        defer { server.stop() }
        try await server.tell(["bookmarkEvery": 0.02])
        let log = DocumentLog(maps.watch(bookmarks: true))
        await log.entries(1)
        let secrets: KubernetesResources<ConfigMap> = try client.resources(of: "v1", "secrets", namespace: "default")
        let version = try await secrets.create("s", ConfigMap("1"))
        while log.position?.text != version { await log.entries(log.entries.count + 1) }
        #expect(log.entries.dropFirst().allSatisfy { $0 == .bookmark })
        // It goes on from the bookmark: what came before it may be forgotten.
        try await server.tell(["forget": true, "cut": true])
        try await maps.create("a", ConfigMap("2"))
        let entries = await log.entries { $0.contains(.put("a", "2")) }
        #expect(!entries.contains { if case .gap = $0 { true } else { false } })
        await client.close()
    }

    @Test("Where both upgrade and chunked answers are refused, the list is polled, until a WebSocket is to be had")
    func polling() async throws {
        let (server, client, maps) = try await Self.world()
        defer { server.stop() }
        try await server.tell(["refuseUpgrades": 400, "refuseStreams": 403])
        try await maps.create("a", ConfigMap("1"))
        let log = DocumentLog(maps.watch())
        var entries = await log.entries { $0.contains(.gap(.polling)) }
        try await maps.put("a", ConfigMap("2"))
        entries = await log.entries { $0.last == .snapshot(["a": "2"]) }
        #expect(entries.count { $0 == .gap(.polling) } == 1)
        try await server.tell(["refuseUpgrades": 0, "refuseStreams": 0])
        _ = try await server.counts { $0.open == 1 }
        try await maps.put("a", ConfigMap("3"))
        entries = await log.entries { $0.contains { $0 == .put("a", "3") || $0 == .snapshot(["a": "3"]) } }
        #expect(entries.count { $0 == .gap(.polling) } == 1)
        try await maps.put("a", ConfigMap("4"))
        #expect(await log.entries { $0.last == .put("a", "4") }.last == .put("a", "4"))
        await client.close()
    }

    @Test("Another token is asked for when the server no longer accepts the last one")
    func tokens() async throws {
        let server = try await KubernetesStandIn("--token", "first")
        defer { server.stop() }
        let asked = Locked<[Credentials.Reason]>([])
        var configuration = server.configuration()
        configuration.credentials = { reason in
            let isFirst = asked.withLock { reasons in
                reasons.append(reason)
                return !reasons.contains(.refused)
            }
            return .bearer(isFirst ? "first" : "second")
        }
        let client = try KubernetesClient(configuration)
        let maps = try Self.maps(client)
        let log = DocumentLog(maps.watch())
        await log.entries(1)
        _ = try await server.counts { $0.open == 1 }
        try await server.tell(["tokens": ["second"], "cut": true])
        try await maps.create("a", ConfigMap("1"))
        #expect(await log.entries(2) == [.snapshot([:]), .put("a", "1")])
        #expect(asked.withLock { $0.contains(.refused) })
        await client.close()
    }

    @Test("Without the right to it, or without such a kind, a feed ends with what the server says")
    func refusals() async throws {
        let (server, client, maps) = try await Self.world()
        defer { server.stop() }
        let unknown: KubernetesResources<ConfigMap> = try client.resources(of: "v1", "unknowns")
        #expect(await DocumentLog(unknown.watch()).end()?.kind == .notFound)
        try await server.tell(["status": 403])
        #expect(await DocumentLog(maps.watch()).end()?.kind == .forbidden)
        await client.close()
    }

    @Test("A position that is none of the server's ends the feed with what the server says")
    func foreignPosition() async throws {
        let (server, client, maps) = try await Self.world()
        defer { server.stop() }
        try await maps.create("a", ConfigMap("1"))
        let log = DocumentLog(maps.watch(from: .after(Position(text: "not a version"))))
        #expect(await log.end()?.kind == .rejected(status: 400))
        await client.close()
    }

    @Test("A server that is not there is told at once")
    func unreachable() async throws {
        let server = try await KubernetesStandIn()
        server.stop()
        let client = try KubernetesClient(.forTests("http://127.0.0.1:\(try Middle.freePort())"))
        let maps = try Self.maps(client)
        #expect(await DocumentLog(maps.watch()).end()?.kind == .unreachable)
        #expect(await DocumentLog(maps.watch(from: .after(Position(text: "1")))).end()?.kind == .unreachable)
        await client.close()
    }

    @Test("A consumer that does not take anything holds the server back, and gets everything in the end")
    func slowConsumer() async throws {
        let (server, client, maps) = try await Self.world()
        defer { server.stop() }
        let position = try #require(try await maps.list().position)
        let value = String(repeating: "x", count: 10_000)
        for number in 0..<500 { try await maps.put("a", ConfigMap("\(number) \(value)")) }
        var iterator = maps.watch(from: .after(position)).makeAsyncIterator()
        var numbers: [Int] = []
        while numbers.count < 500, let event = try await iterator.next() {
            numbers += event.changes.compactMap { Int($0.document?.value.value.split(separator: " ").first ?? "") }
            await Task.yield()
        }
        #expect(numbers == Array(0..<500))
        await client.close()
    }
}
