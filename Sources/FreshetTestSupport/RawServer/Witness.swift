// SPDX-License-Identifier: Apache-2.0

/// What a server's thread saw, told to the test that waits for it.
package final class Witness<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    package init() { (self.stream, self.continuation) = AsyncStream.makeStream() }

    package func tell(_ value: Value) { self.continuation.yield(value) }

    /// The next that is told, in order; nil when the task was cancelled.
    package func next() async -> Value? {
        var iterator = self.stream.makeAsyncIterator()
        return await iterator.next()
    }
}
