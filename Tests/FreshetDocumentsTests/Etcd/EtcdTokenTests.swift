// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP
import FreshetTestSupport
import FreshetTransport
import HTTPTypes
import Testing

@testable import FreshetDocuments

/// Users and their tokens, in virtual time.
@Suite(.timeLimit(.minutes(1)))
struct EtcdTokenTests {
    /// A server that gives `token-1`, `token-2` and so on, and knows those that a test names as good.
    private final class World: Sendable {
        let clock = ManualClock()
        let good: Locked<Set<String>>
        let http: ScriptedHTTPTransport
        let client: EtcdClient

        init(good: Set<String>) {
            let (known, given) = (Locked(good), Locked(0))
            self.good = known
            self.http = ScriptedHTTPTransport { call, _ throws(FreshetError) in
                if call.request.path == "/v3/auth/authenticate" {
                    let number = given.withLock { count in
                        count += 1
                        return count
                    }
                    return try .json(["header": [:], "token": .string("token-\(number)")] as JSONValue)
                }
                let token = call.request.headerFields[.authorization] ?? ""
                guard known.withLock({ $0.contains(token) }) else {
                    let refusal: JSONValue = ["error": "etcdserver: invalid auth token", "code": 16]
                    return try .json(refusal, status: .unauthorized)
                }
                return try .json(["header": ["revision": "7"]] as JSONValue)
            }
            self.client = EtcdClient(
                url: "http://127.0.0.1:1",
                configuration: EtcdClientConfiguration(user: EtcdUser(name: "ada", password: "lovelace")),
                loop: .shared,
                webSocket: ScriptedTransport(),
                http: self.http,
                time: TimeSource(self.clock, jitter: { 0.5 })
            )
        }

        func put() async throws(FreshetError) {
            try await self.client.documents(Bytes.self, under: "", coding: .bytes).put("a", Bytes(copying: []))
        }

        var tokens: [String] {
            self.http.calls.filter { $0.request.path == "/v3/kv/put" }
                .map { $0.request.headerFields[.authorization] ?? "" }
        }
    }

    @Test("One token serves many calls, and another one is got before it is five minutes old")
    func life() async throws {
        let world = World(good: ["token-1", "token-2"])
        try await world.put()
        try await world.put()
        world.clock.jump(by: .seconds(295))
        try await world.put()
        #expect(world.tokens == ["token-1", "token-1", "token-2"])
    }

    @Test("A refused token is replaced, and the call is sent once more; when that is refused too, it is the end")
    func refused() async throws {
        let world = World(good: ["token-2"])
        try await world.put()
        #expect(world.tokens == ["token-1", "token-2"])
        world.good.withLock { $0 = [] }
        let error = await #expect(throws: FreshetError.self) { try await world.put() }
        #expect(error?.kind == .unauthorized)
        #expect(world.tokens == ["token-1", "token-2", "token-2", "token-3"])
    }

    @Test("No description says the password")
    func secrets() {
        let configuration = EtcdClientConfiguration(user: EtcdUser(name: "ada", password: "lovelace"))
        for text in ["\(configuration)", "\(EtcdUser(name: "ada", password: "lovelace"))"] {
            #expect(text.contains("ada"))
            #expect(!text.contains("lovelace"))
        }
        #expect(!String(reflecting: EtcdUser(name: "ada", password: "lovelace")).contains("lovelace"))
    }
}
