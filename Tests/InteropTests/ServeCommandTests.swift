// SPDX-License-Identifier: Apache-2.0

import FreshetTestSupport
import Testing

/// `freshet serve`, where it cannot.
@Suite(.timeLimit(.minutes(1)))
struct ServeCommandTests {
    @Test("A certificate that is not there is named")
    func noCertificate() async throws {
        let files = ["--cert", "/nowhere/cert.pem", "--key", "/nowhere/key.pem"]
        let result = try await Program.freshet(["serve", "--port", "0"] + files).result()
        #expect(result.status == 64)
        #expect(result.errors.last?.contains("/nowhere/cert.pem") == true, "\(result.errors)")
    }

    @Test("A port that somebody has is no mistake of the command line's")
    func busyPort() async throws {
        let server = try await EmbeddedServer()
        let port = await server.port
        let result = try await Program.freshet("serve", "--port", "\(port)").result()
        #expect(result.status == 3)
        #expect(result.errors.last?.contains("hint: choose another port") == true, "\(result.errors)")
        await server.shutdown()
    }
}
