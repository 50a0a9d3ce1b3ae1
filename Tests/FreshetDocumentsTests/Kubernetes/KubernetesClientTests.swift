// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTestSupport
import FreshetTransport
import HTTPTypes
import Testing

@testable import FreshetDocuments

/// Feeds of one client, on a network and a clock that a test makes up.
@Suite(.timeLimit(.minutes(1)))
struct KubernetesClientTests {
    private typealias World = KubernetesWorld

    @Test("A watch is a WebSocket of its own, from the list's version, with token and Origin")
    func listThenWatch() async throws {
        let world = try World { $0.credentials = { _ in .kubernetes("token") } }
        world.server.withLock { $0.items = [("a", "7")] }
        var feed = world.things.watch().makeAsyncIterator()
        #expect(World.words(try await feed.next()) == #"snapshot ["a=7"]"#)
        let link = await world.sockets.dial(1)
        #expect(
            link.target.endpoint.target
                == "/prefix/api/v1/namespaces/n/things?watch=1&allowWatchBookmarks=true&resourceVersion=10&timeoutSeconds=450"
        )
        let headers = link.target.configuration.headers
        #expect(headers.contains(HTTPHeader("Origin", "https://kube.test:6443")))
        #expect(headers.contains(HTTPHeader("Authorization", "Bearer token")))
        #expect(link.target.subprotocols.isEmpty)
        link.open(subprotocol: nil)
        link.receive(World.event("MODIFIED", "a", 11), World.event("ADDED", "b", 12), World.event("DELETED", "a", 13))
        #expect(World.words(try await feed.next()) == "a=11")
        #expect(World.words(try await feed.next()) == "b=12")
        #expect(World.words(try await feed.next()) == "-a=13")
        await world.client.close()
        #expect(try await feedEnd(&feed) == .clientClosed)
    }

    private func feedEnd(_ feed: inout Feed<DocumentEvent<Bytes>>.Iterator) async throws -> FreshetError.Kind? {
        do {
            while try await feed.next() != nil {}
            return nil
        } catch {
            return error.kind
        }
    }

    @Test("A clean end is a part of a watch's life: it goes on at once from the last event, and nothing is told")
    func normalEnd() async throws {
        let world = try World()
        var feed = world.things.watch().makeAsyncIterator()
        _ = try await feed.next()
        let link = await world.sockets.dial(1)
        link.open(subprotocol: nil)
        link.receive(World.event("ADDED", "a", 11))
        #expect(World.words(try await feed.next()) == "a=11")
        link.close(code: 1000)
        let second = await world.sockets.dial(2)
        #expect(second.target.endpoint.target.contains("resourceVersion=11&"))
        second.open(subprotocol: nil)
        second.receive(World.event("MODIFIED", "a", 12))
        #expect(World.words(try await feed.next()) == "a=12")
        #expect(world.http.calls.count == 1)
        await world.client.close()
    }

    @Test("A watch that ends at once and without an event is not begun again before a second has passed")
    func veryShort() async throws {
        let world = try World()
        var feed = world.things.watch().makeAsyncIterator()
        _ = try await feed.next()
        let link = await world.sockets.dial(1)
        link.open(subprotocol: nil)
        link.close(code: 1000)
        await world.clock.expire(.milliseconds(1125))
        let second = await world.sockets.dial(2)
        #expect(second.target.endpoint.target.contains("resourceVersion=10&"))
        second.open(subprotocol: nil)
        second.receive(World.event("ADDED", "a", 11))
        #expect(World.words(try await feed.next()) == "a=11")
        await world.client.close()
    }

    @Test("A watch that breaks is made again with a backoff, from the last event, without a gap")
    func broken() async throws {
        let world = try World()
        var feed = world.things.watch().makeAsyncIterator()
        _ = try await feed.next()
        let link = await world.sockets.dial(1)
        link.open(subprotocol: nil)
        link.receive(World.event("ADDED", "a", 11))
        _ = try await feed.next()
        link.fail()
        await world.clock.expire(.milliseconds(125))
        let second = await world.sockets.dial(2)
        #expect(second.target.endpoint.target.contains("resourceVersion=11&"))
        second.open(subprotocol: nil)
        second.receive(World.event("ADDED", "b", 12))
        #expect(World.words(try await feed.next()) == "b=12")
        await world.client.close()
    }

    @Test("410 after 101 is a gap, and a new list that says what differs")
    func expired() async throws {
        let world = try World()
        world.server.withLock { $0.items = [("a", "7"), ("b", "8")] }
        var feed = world.things.watch().makeAsyncIterator()
        _ = try await feed.next()
        let link = await world.sockets.dial(1)
        world.server.withLock { ($0.items, $0.listVersion) = ([("b", "8"), ("c", "29")], "30") }
        link.open(subprotocol: nil)
        link.receive(World.gone)
        link.close(code: 1000)
        #expect(World.words(try await feed.next()) == "gap compacted")
        let snapshot = try await feed.next()
        #expect(World.words(snapshot) == #"snapshot ["b=8", "c=29"]"#)
        #expect(snapshot?.changes.map(\.key) == ["a", "c"])
        let second = await world.sockets.dial(2)
        #expect(second.target.endpoint.target.contains("resourceVersion=30&"))
        await world.client.close()
    }

    @Test("A bookmark moves the position, and is handed out to those who ask")
    func bookmark() async throws {
        let world = try World()
        var feed = world.things.watch(bookmarks: true).positioned.makeAsyncIterator()
        _ = try await feed.next()
        let link = await world.sockets.dial(1)
        link.open(subprotocol: nil)
        link.receive(#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"99"}}}"#)
        let event = try await feed.next()
        #expect(World.words(event?.element) == "")
        #expect(event?.position == Position(text: "99"))
        link.close(code: 1000)
        #expect(await world.sockets.dial(2).target.endpoint.target.contains("resourceVersion=99&"))
        await world.client.close()
    }

    @Test("Where the upgrade is refused a watch is a chunked answer; after a minute a WebSocket is tried again")
    func streamed() async throws {
        let world = try World()
        world.server.withLock { server in
            server.lines = [World.event("ADDED", "a", 11), World.event("ADDED", "b", 12)].map { String($0.dropLast()) }
        }
        var feed = world.things.watch().makeAsyncIterator()
        _ = try await feed.next()
        let link = await world.sockets.dial(1)
        let refusal = HTTPRefusal(status: 400, retryAfter: nil, authenticate: nil, body: [])
        link.fail(FreshetError(.upgradeRefused(status: 400), "no", refusal: refusal))
        #expect(World.words(try await feed.next()) == "a=11")
        #expect(World.words(try await feed.next()) == "b=12")
        let path = "/prefix/api/v1/namespaces/n/things?watch=1&allowWatchBookmarks=true"
        #expect(
            world.http.calls.compactMap(\.request.path).contains("\(path)&resourceVersion=10&timeoutSeconds=60")
        )
        // It ended, and the next one at once and without an event.
        await world.clock.sleeper(of: .milliseconds(1125))
        world.clock.jump(by: .seconds(60))
        let second = await world.sockets.dial(2)
        #expect(second.target.endpoint.target.contains("resourceVersion=12&"))
        await world.client.close()
    }

    @Test("A consumer that does not take anything is not read for")
    func backPressure() async throws {
        let world = try World()
        var feed = world.things.watch(delivery: DeliveryPolicy(.suspending, elements: 2)).makeAsyncIterator()
        _ = try await feed.next()
        let link = await world.sockets.dial(1)
        link.open(subprotocol: nil)
        link.receive((11...14).map { World.event("ADDED", "a", $0) })
        #expect(await link.nextDeed() == .pause)
        for version in 11...14 { #expect(World.words(try await feed.next()) == "a=\(version)") }
        #expect(await link.nextDeed() == .resume)
        await world.client.close()
    }

    @Test("Leaving the loop closes the watch's WebSocket, and no other one's")
    func leaving() async throws {
        let world = try World()
        var first: Feed<DocumentEvent<Bytes>>.Iterator? = world.things.watch().makeAsyncIterator()
        _ = try await first?.next()
        let link = await world.sockets.dial(1)
        link.open(subprotocol: nil)
        var second = world.things.watch().makeAsyncIterator()
        _ = try await second.next()
        let other = await world.sockets.dial(2)
        other.open(subprotocol: nil)
        first = nil
        #expect(await link.nextDeed() == .close(code: 1000))
        other.receive(World.event("ADDED", "a", 11))
        #expect(World.words(try await second.next()) == "a=11")
        #expect(other.deeds.isEmpty)
        await world.client.close()
    }

    @Test("401 at a watch asks for other credentials, and everything goes on with those")
    func unauthorized() async throws {
        let asked = Locked<[Credentials.Reason]>([])
        let world = try World { configuration in
            configuration.credentials = { reason in
                let count = asked.withLock { reasons in
                    reasons.append(reason)
                    return reasons.count { $0 == .refused }
                }
                return .kubernetes("token-\(count)")
            }
        }
        var feed = world.things.watch().makeAsyncIterator()
        _ = try await feed.next()
        let link = await world.sockets.dial(1)
        let refusal = HTTPRefusal(status: 401, retryAfter: nil, authenticate: nil, body: [])
        link.fail(FreshetError(.unauthorized, "HTTP 401", refusal: refusal))
        let second = await world.sockets.dial(2)
        #expect(second.target.configuration.headers.contains(HTTPHeader("Authorization", "Bearer token-1")))
        #expect(second.target.endpoint.target.contains("resourceVersion=10&"))
        second.open(subprotocol: nil)
        second.receive(World.event("ADDED", "a", 11))
        #expect(World.words(try await feed.next()) == "a=11")
        await world.client.close()
    }

    @Test("Credentials that expire are replaced by others, and watches go on with those, without a gap")
    func rotation() async throws {
        let count = Locked(0)
        let world = try World { configuration in
            configuration.credentials = { _ in
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                return .kubernetes("token-\(number)", lifetime: .seconds(100))
            }
        }
        var feed = world.things.watch().makeAsyncIterator()
        _ = try await feed.next()
        let link = await world.sockets.dial(1)
        link.open(subprotocol: nil)
        link.receive(World.event("ADDED", "a", 11))
        #expect(World.words(try await feed.next()) == "a=11")
        await world.clock.expire(.seconds(75))
        let second = await world.sockets.dial(2)
        #expect(second.target.endpoint.target.contains("resourceVersion=11&"))
        let headers = [link, second].map { $0.target.configuration.headers.first { $0.name == "Authorization" }?.value }
        #expect(headers[0] != headers[1])
        second.open(subprotocol: nil)
        second.receive(World.event("MODIFIED", "a", 12))
        #expect(World.words(try await feed.next()) == "a=12")
        while await link.nextDeed() != .close(code: 1000), !Task.isCancelled {}
        await world.client.close()
    }

    @Test("What makes no sense ends its feed alone")
    func nonsense() async throws {
        let world = try World()
        var first = world.things.watch().makeAsyncIterator()
        _ = try await first.next()
        let link = await world.sockets.dial(1)
        link.open(subprotocol: nil)
        var second = world.things.watch().makeAsyncIterator()
        _ = try await second.next()
        let other = await world.sockets.dial(2)
        other.open(subprotocol: nil)
        link.receive("<html>")
        #expect(try await feedEnd(&first) == .protocolViolation)
        #expect(await link.nextDeed() == .close(code: 1000))
        other.receive(World.event("ADDED", "a", 11))
        #expect(World.words(try await second.next()) == "a=11")
        await world.client.close()
    }
}
