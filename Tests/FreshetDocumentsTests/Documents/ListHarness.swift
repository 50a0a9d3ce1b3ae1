// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTestSupport
import FreshetTransport
import Logging
import Testing

@testable import FreshetDocuments

/// Documents on scripted connections, in virtual time, and a list that a test changes.
final class ListHarness: Sendable {
    typealias Event = DocumentEvent<String>

    /// What the REST side answers: documents as `version key value`, or an error.
    struct Answer: Sendable {
        var documents: [(version: Int64, key: String, value: String)] = []
        var at: Int64? = 0
        var error: FreshetError?
    }

    let loop = EventLoop()
    let transport = ScriptedTransport()
    let clock = ManualClock()
    let client: SubscriptionClient<ListedSource>
    let answer = Locked(Answer())
    /// What was asked for, in order: whether there was a gap, and the validator.
    let requests = Locked<[SnapshotRequest]>([])

    init() throws {
        self.client = SubscriptionClient(
            source: ListedSource(),
            target: WebSocketTarget(endpoint: try Endpoint("ws://127.0.0.1:1/")),
            policy: ConnectionPolicy(),
            loop: self.loop,
            transport: self.transport,
            time: TimeSource(self.clock, jitter: { 0.5 }),
            logger: Logger(label: "test")
        )
    }

    deinit {
        let (client, loop) = (self.client, self.loop)
        Task {
            await client.close()
            loop.shutdown()
        }
    }

    static let coding = DocumentCoding<String>(
        decode: { bytes throws(FreshetError) in bytes.text },
        encode: { text throws(FreshetError) in Bytes(copying: text.utf8) }
    )

    func watch(
        recovery: Recovery = .list,
        from position: Position? = nil,
        bookmarks: Bool = false
    ) -> DocumentConsumer {
        let opening = SubscriptionEngine<ListedSource>.Opening(
            "all",
            recovery: recovery,
            from: position,
            isPollable: recovery == .list,
            hearsBookmarks: bookmarks
        )
        let feed = self.client.documents(opening, fetch: self.fetch, reader: ListedSource.reader, coding: Self.coding)
        return DocumentConsumer(feed.positioned)
    }

    /// The same, but nobody takes anything: the test has the buffer.
    func open() -> FeedBuffer {
        self.client.open(.init("all", recovery: .list, isPollable: true), fetch: self.fetch)
    }

    private var fetch: SnapshotFetch {
        { [answer, requests] request throws(FreshetError) in
            requests.withLock { $0.append(request) }
            let now = answer.withLock { $0 }
            if let error = now.error { throw error }
            let documents = now.documents.map { version, key, value in
                RawDocument(key: key, version: "\(version)", value: Bytes(copying: value.utf8))
            }
            let position = now.at.map { Position(number: $0) }
            return DocumentListing(documents, position: position).fetched(validator: now.at.map { "\($0)" })
        }
    }

    /// Attempt `number`, taken to where subscriptions are sent.
    func ready(_ number: Int) async -> ScriptedLink {
        let link = await self.transport.dial(number)
        link.open(subprotocol: nil)
        #expect(await link.nextDeed() == .sent("hello"))
        link.receive("ready")
        return link
    }
}

/// Runs a feed in a task of its own and hands out its elements one by one.
final class DocumentConsumer: Sendable {
    enum Outcome: Sendable, Equatable {
        case element(Positioned<DocumentEvent<String>>)
        case end
        case failure(FreshetError)
    }

    private let stream: AsyncStream<Outcome>
    private let task: Task<Void, Never>

    init(_ feed: Feed<Positioned<DocumentEvent<String>>>) {
        let (stream, continuation) = AsyncStream<Outcome>.makeStream()
        self.stream = stream
        self.task = Task {
            do throws(FreshetError) {
                for try await element in feed { continuation.yield(.element(element)) }
                continuation.yield(.end)
            } catch {
                continuation.yield(.failure(error))
            }
            continuation.finish()
        }
    }

    deinit { self.task.cancel() }

    func next() async -> Outcome? {
        var iterator = self.stream.makeAsyncIterator()
        return await iterator.next()
    }

    /// For people to read: `added a=x; at 7`.
    func text() async -> String {
        switch await self.next() {
        case .element(let element):
            let position = element.position?.number.map { " at \($0)" } ?? ""
            let way = element.source == .rest ? "polled " : ""
            switch element.element {
            case .gap(let gap): return "\(way)gap \(gap.cause)"
            case .snapshot(let snapshot):
                return "\(way)snapshot of \(snapshot.documents.count): \(Self.words(snapshot.changes))\(position)"
            case .update(let changes): return "\(way)update: \(Self.words(changes))\(position)"
            }
        case .failure(let error): return "failure \(error.message)"
        case .end, nil: return "end"
        }
    }

    private static func words(_ changes: [DocumentChange<String>]) -> String {
        changes.map { change in
            switch change {
            case .added(let document): "+\(document.key)=\(document.value)"
            case .modified(let document, let previous): "\(document.key)=\(previous?.value ?? "?")→\(document.value)"
            case .removed(let key, _, _): "-\(key)"
            }
        }
        .joined(separator: " ")
    }
}
