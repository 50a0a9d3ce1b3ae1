// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore

/// One iteration of a watched query: asks the server where the policy says so, and hands out what the cache has whenever it
/// changes, as fast as it is taken.
struct GraphQLQueryWatch: Sendable {
    let client: GraphQLClient
    let store: GraphQLStore
    let request: GraphQLRequest
    let policy: GraphQLCachePolicy

    /// The buffer of a new iteration; its task ends when the consumer leaves.
    func open() -> FeedBuffer {
        let (room, announce) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let task = Locked<Task<Void, Never>?>(nil)
        let buffer = FeedBuffer(
            DeliveryBuffer(DeliveryPolicy(.suspending, elements: 1)),
            resumeReading: { announce.yield() },
            consumerLeft: { task.withLock { $0 }?.cancel() }
        )
        let running = Task { await self.run(buffer, room) }
        task.withLock { $0 = running }
        return buffer
    }

    private func run(_ buffer: FeedBuffer, _ room: AsyncStream<Void>) async {
        do throws(FreshetError) {
            let cached = try await self.client.cached(self.request, in: self.store)
            try await self.follow(cached, Outlet(buffer: buffer, room: room))
        } catch {
            buffer.finish(.failed(error))
        }
    }

    private func follow(_ cached: CachedRequest, _ outlet: Outlet) async throws(FreshetError) {
        // Told twice before it looks is told once: a consumer that is slow gets the newest.
        let (signals, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let answer = Locked<Result<GraphQLPayload, FreshetError>?>(nil)
        let watching = Task {
            for await _ in self.store.watch(cached.operation) { signal.yield() }
            signal.finish()
        }
        defer { watching.cancel() }
        var outlet = outlet
        // What the policy wants from the server first is not shown from the cache before.
        var isOpen = self.policy != .networkOnly && self.policy != .networkFirst
        var isFetching = false
        func fetch() {
            isFetching = true
            Task {
                let result = await self.fetched(cached)
                answer.withLock { $0 = result }
                signal.yield()
            }
        }
        if self.policy == .cacheAndNetwork || !isOpen { fetch() }
        for await _ in signals {
            guard !Task.isCancelled else { return }
            let answer = answer.withLock { $0.take() }
            if answer != nil { (isOpen, isFetching) = (true, false) }
            guard isOpen else { continue }
            let read = await self.store.read(cached.operation)
            if let data = read.data, self.policy != .networkOnly || answer?.failure == nil || outlet.hasShown {
                await outlet.show(try GraphQLPayload(data: data))
            } else if case .success(let payload)? = answer {
                // What did not fit, or came with errors beside it, is not to be had from the cache.
                await outlet.show(payload)
            } else if self.policy == .cacheOnly {
                guard outlet.hasShown else { throw GraphQLClient.notCached(read.missing) }
            } else if answer == nil, !isFetching {
                fetch()
            }
            if let failure = answer?.failure {
                guard outlet.hasShown else { throw failure }
                await outlet.tell(Gap(cause: .unknown, reason: failure.message, outage: .zero))
            }
        }
    }

    /// What the server says. When everything was forgotten meanwhile that is perhaps another user's, and it is asked again.
    private func fetched(_ cached: CachedRequest) async -> Result<GraphQLPayload, FreshetError> {
        while true {
            let epoch = self.store.epoch
            let result: Result<GraphQLPayload, FreshetError>
            do throws(FreshetError) {
                result = .success(try await self.client.fetch(cached, into: self.store))
            } catch {
                result = .failure(error)
            }
            if epoch == self.store.epoch { return result }
        }
    }

    /// Hands out one element at a time, and none twice.
    private struct Outlet {
        let buffer: FeedBuffer
        let room: AsyncStream<Void>
        private var last: Bytes?

        init(buffer: FeedBuffer, room: AsyncStream<Void>) {
            self.buffer = buffer
            self.room = room
        }

        var hasShown: Bool { self.last != nil }

        mutating func show(_ payload: GraphQLPayload) async {
            if let last, last.withBytes({ old in payload.json.withBytes { old.elementsEqual($0) } }) { return }
            self.last = payload.json
            await self.put(.snapshot(payload.json))
        }

        func tell(_ gap: Gap) async { await self.put(.gap(gap)) }

        private func put(_ item: FeedItem) async {
            guard self.buffer.append([item], bytes: item.byteCount) == .full else { return }
            // What changes meanwhile is read when there is room again.
            for await _ in self.room { return }
        }
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}
