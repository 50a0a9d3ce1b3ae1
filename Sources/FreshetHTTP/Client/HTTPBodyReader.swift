// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// Reads a body, once, from its beginning to its end.
package protocol HTTPBodyReader: AnyObject {
    /// The next piece, nil at the end.
    func next(isolation: isolated (any Actor)?) async throws(FreshetError) -> Bytes?
}

/// Of bytes that are there.
final class HTTPBytesReader: HTTPBodyReader {
    private var bytes: Bytes?

    init(_ bytes: Bytes) { self.bytes = bytes.count > 0 ? bytes : nil }

    func next(isolation: isolated (any Actor)?) async throws(FreshetError) -> Bytes? {
        defer { self.bytes = nil }
        return self.bytes
    }
}

/// Of a caller's sequence.
final class HTTPSequenceReader<Sequence: AsyncSequence>: HTTPBodyReader where Sequence.Element == Bytes {
    private var iterator: Sequence.AsyncIterator

    init(_ sequence: Sequence) { self.iterator = sequence.makeAsyncIterator() }

    func next(isolation: isolated (any Actor)?) async throws(FreshetError) -> Bytes? {
        do {
            return try await self.iterator.next(isolation: isolation)
        } catch let error as FreshetError {
            throw error
        } catch is CancellationError {
            throw FreshetError(.cancelled, "the task was cancelled")
        } catch {
            // Its words may contain a secret.
            throw FreshetError(.invalidInput, "the body's sequence failed with \(type(of: error))")
        }
    }
}
