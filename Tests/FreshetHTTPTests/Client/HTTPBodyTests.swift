// SPDX-License-Identifier: Apache-2.0

import FreshetHTTP
import Testing

@Suite struct HTTPBodyTests {
    @Test("A body in pieces is collected in order, and refused beyond the limit")
    func collecting() async throws {
        let pieces = AsyncStream<Bytes> { continuation in
            for text in ["one ", "two ", "three"] { continuation.yield(Bytes(copying: Array(text.utf8))) }
            continuation.finish()
        }
        let body = HTTPBody(pieces)
        #expect(!body.isReplayable)
        #expect(try await body.collect().text == "one two three")
        let error = await #expect(throws: FreshetError.self) {
            _ = try await HTTPBody(Array("one two".utf8)).collect(upTo: 6)
        }
        #expect(error?.kind == .messageTooLarge)
    }
}
