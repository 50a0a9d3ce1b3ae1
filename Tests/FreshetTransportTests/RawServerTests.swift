// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FreshetTestSupport

@Suite(.timeLimit(.minutes(1)))
struct RawServerTests {
    @Test("A server that is stopped twice leaves alone what has its descriptors by then")
    func stopTwice() throws {
        let gone = try RawServer { connection in connection.readToEnd() }
        let client = try #require(RawConnection(to: gone.port))
        gone.stop()
        #expect(client.read() == nil)
        client.shut()
        while let one = RawConnection(to: gone.port) { one.shut() }
        let others = try (0..<20).map { _ in try RawServer { connection in connection.write("hello") } }
        gone.stop()
        for other in others {
            let client = try #require(RawConnection(to: other.port))
            #expect(client.read() == Array("hello".utf8))
            client.shut()
            other.stop()
        }
    }
}
