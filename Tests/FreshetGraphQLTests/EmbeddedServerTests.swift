// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct EmbeddedServerTests {
    @Test("A server that was shut down may be stopped and shut down again, and does not begin again")
    func shutdownTwice() async throws {
        let server = try await EmbeddedServer()
        let client = GraphQLClient(url: await server.url)
        for try await _ in client.subscribe(Int.self, "subscription { count(to: 3) }") {}
        for _ in 1...3 {
            await server.shutdown()
            await server.stop()
            await server.drop()
            await #expect(throws: FreshetError.self) { try await server.start() }
        }
        await client.close()
    }
}
