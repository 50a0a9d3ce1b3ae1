// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

extension Bytes: DeliveryElement {
    @usableFromInline package var byteCount: Int { self.count }
    @usableFromInline package var isDroppable: Bool { false }
    @usableFromInline package func key(at path: JSONPath) -> JSONValue? { nil }
    @usableFromInline package static func dropped(_ count: Int) -> Bytes? { nil }
    @usableFromInline package func merged(with later: Bytes) -> Bytes? { nil }
}

extension HTTPBody {
    /// A body that comes while it is read. Dropping it unread ends the transfer.
    static func streaming(_ queue: DeliveryQueue<Bytes>, length: Int?) -> HTTPBody {
        let stream = Stream(queue)
        return HTTPBody(length: length) { Reader(stream) }
    }

    /// Ends the transfer when nobody can read it any more.
    private final class Stream: Sendable {
        let queue: DeliveryQueue<Bytes>

        init(_ queue: DeliveryQueue<Bytes>) { self.queue = queue }

        deinit { self.queue.leave() }
    }

    private final class Reader: HTTPBodyReader {
        private let stream: Stream
        private var batch: [Bytes] = []
        private var next = 0

        init(_ stream: Stream) { self.stream = stream }

        func next(isolation: isolated (any Actor)?) async throws(FreshetError) -> Bytes? {
            if self.next == self.batch.count {
                guard let batch = try await self.stream.queue.next(isolation: isolation) else {
                    // A body that was left is not one that has ended.
                    if Task.isCancelled { throw FreshetError(.cancelled, "the task was cancelled") }
                    return nil
                }
                self.batch = batch
                self.next = 0
            }
            defer { self.next += 1 }
            return self.batch[self.next]
        }
    }
}
