// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// nginx refuses the upgrade to WebSocket, and lets everything else pass, as the proxies of some companies do.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct PollingFallbackTests {
    struct Item: Codable, Sendable, Equatable {
        var id: String
        var version: Int
    }

    /// What a consumer was handed, in its order.
    private enum Seen: Equatable {
        case gap(Gap.Cause)
        case item(version: Int, FeedOrigin)
    }

    private struct Token: Decodable, Sendable {
        var access_token: String
    }

    /// One client, one feed, and somebody who changes the item that it is about.
    private final class World: Sendable {
        private let switchFile: URL
        let rest: HTTPClient
        let live: GraphQLClient
        private let seen = Locked<[Seen]>([])
        private let wake = Locked<AsyncStream<Void>.Continuation?>(nil)

        init(_ nginx: Nginx) async throws {
            self.switchFile = nginx.certificates.folder.appending(path: "no-websocket")
            let url = try nginx.url("PLAIN")
            let login = ["username": "ada", "password": "lovelace"]
            let token = try await HTTPClient.fresh(url).post("auth/login", json: login, as: Token.self).access_token
            self.rest = .fresh(url) { $0.headers[.authorization] = "Bearer \(token)" }
            var configuration = GraphQLClientConfiguration()
            configuration.webSocket.headers = [HTTPHeader("Authorization", "Bearer \(token)")]
            configuration.webSocket.proxy = .none
            configuration.policy.backoff = Backoff(initial: .milliseconds(40), cap: .milliseconds(160))
            configuration.policy.fallback = FallbackPolicy(interval: .milliseconds(30))
            self.live = GraphQLClient(url: "\(url)/graphql", configuration: configuration)
        }

        var all: [Seen] { self.seen.withLock { $0 } }

        var lastVersion: Int {
            for case .item(let version, _) in self.all.reversed() { return version }
            return 0
        }

        func refuse(_ refuses: Bool) throws {
            if refuses {
                try Data().write(to: self.switchFile)
            } else {
                try FileManager.default.removeItem(at: self.switchFile)
            }
        }

        /// Iterates the feed until the task is cancelled.
        func follow() async throws {
            let fields = "{ id version }"
            let feed = self.live.subscribe(
                Item.self,
                #"subscription { itemChanged(id: "item-1") \#(fields) }"#,
                recovery: .refetch(
                    #"{ itemChanged: item(id: "item-1") \#(fields) }"#,
                    key: "itemChanged.id",
                    version: "itemChanged.version"
                )
            )
            for try await event in feed.positioned {
                let seen: Seen =
                    switch event.element {
                    case .gap(let gap): .gap(gap.cause)
                    case .snapshot(let item), .update(let item): .item(version: item.version, event.source)
                    }
                self.seen.withLock { $0.append(seen) }
                self.wake.withLock { $0 }?.yield()
            }
        }

        /// Returns when what was seen is so.
        func until(_ isSo: ([Seen]) -> Bool) async {
            let (signals, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            self.wake.withLock { $0 = signal }
            if isSo(self.all) { return }
            for await _ in signals where isSo(self.all) { return }
        }

        /// Changes the item so many times, and returns its version.
        func change(_ count: Int) async throws -> Int {
            var version = 0
            for number in 1...count {
                version = try await self.rest.patch("items/item-1", json: ["title": "\(number)"], as: Item.self).version
            }
            return version
        }
    }

    @Test(
        "403 on the upgrade: polled and said so; back on the socket at the first attempt; nothing lost, nothing twice"
    )
    func refusedAndAllowed() async throws {
        let (backend, url) = try await Program.backend()
        let nginx = try await Nginx(before: url)
        defer {
            nginx.stop()
            backend.stop()
        }
        let world = try await World(nginx)
        try world.refuse(true)
        let states = Locked<[ConnectionState]>([])
        let watching = Task { [states = world.live.connectionStates, all = states] in
            for await state in states { all.withLock { $0.append(state) } }
        }
        let following = Task { try await world.follow() }
        for round in 1...2 {
            // No WebSocket: what changes comes by polling.
            let polled = try await world.change(5)
            await world.until { _ in world.lastVersion == polled }
            #expect(world.all.last == .item(version: polled, .rest))
            #expect(world.all.filter { $0 == .gap(.polling) }.count == round)

            // Allowed again, while the item changes on.
            let changing = Task { try await world.change(60) }
            let before = states.withLock { $0.count }
            try world.refuse(false)
            await world.until { if case .item(_, .live)? = $0.last { true } else { false } }
            let last = try await changing.value
            await world.until { _ in world.lastVersion == last }
            // At most the attempt that was under way when the file went was still refused.
            let refused = states.withLock { $0.dropFirst(before) }.prefix { $0 != .live }.filter(Self.isPolling)
            #expect(refused.count <= 1, "\(refused)")

            // Refused once more, and the socket goes.
            guard round == 1 else { continue }
            try world.refuse(true)
            _ = try await world.rest.reply(to: .post, "control/close-sockets?code=1012")
            await world.until { $0.last == .gap(.polling) || Self.isRest($0.last) }
        }
        let final = try await world.change(3)
        await world.until { _ in world.lastVersion == final }
        following.cancel()
        watching.cancel()
        await world.live.close()
        Self.check(world.all)
    }

    private static func isPolling(_ state: ConnectionState) -> Bool {
        if case .polling = state { true } else { false }
    }

    private static func isRest(_ seen: Seen?) -> Bool {
        if case .item(_, .rest)? = seen { true } else { false }
    }

    /// Versions only rise, and from one on the socket to the next none is left out.
    private static func check(_ seen: [Seen]) {
        var last: (version: Int, origin: FeedOrigin)?
        var isFirst = true
        var isAfterGap = false
        for seen in seen {
            guard case .item(let version, let origin) = seen else {
                isAfterGap = true
                continue
            }
            if let last {
                // The snapshot after a gap says the state, whether or not it has changed.
                let isNew = isAfterGap ? version >= last.version : version > last.version
                #expect(isNew, "doubled, or out of order: \(version) after \(last.version)")
                let wasLive = last.origin == .live && origin == .live && !isFirst
                if wasLive { #expect(version == last.version + 1, "lost: \(last.version + 1) before \(version)") }
            }
            // The first one on the socket is the snapshot, which has everything up to it.
            isFirst = last?.origin != origin
            isAfterGap = false
            last = (version, origin)
        }
    }
}
