// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetHTTP
import FreshetTestSupport
import Testing

/// One session, and the requests of clients that show its credentials.
@Suite(.timeLimit(.minutes(1)))
struct SessionRequestTests {
    private func token(_ held: CredentialMemory.Held) -> String? { held.credentials.headers.first?.value }

    @Test("After a logout a request shows nobody's credentials, and after the next login that user's")
    func requestsAfterLogout() async throws {
        let world = SessionWorld()
        let memory = world.memory()
        try await world.session.login(1)
        #expect(self.token(try await memory.current()) == "Bearer token-1")
        try await world.session.logout()
        await #expect { try await memory.current() } throws: { ($0 as? FreshetError)?.kind == .unauthorized }
        try await world.session.login(7)
        #expect(self.token(try await memory.current()) == "Bearer token-7")
    }

    @Test(
        "A provider that never returns is given up, and asked again by who comes next; cancelling a request ends it at once"
    )
    func silentProvider() async throws {
        let world = SessionWorld()
        let asked = Locked(0)
        let stuck = Locked<CheckedContinuation<Void, Never>?>(nil)
        let memory = world.memory { _ in
            let number = asked.withLock { count in
                count += 1
                return count
            }
            if number == 2 { return .bearer("token-2") }
            await withCheckedContinuation { (never: CheckedContinuation<Void, Never>) in stuck.withLock { $0 = never } }
            return .bearer("late")
        }
        let cancelled = Task { () async throws(FreshetError) in try await memory.current() }
        let late = Task { () async throws(FreshetError) in try await memory.current() }
        await world.clock.sleeper(of: .seconds(10), count: 2)
        cancelled.cancel()
        await #expect { try await cancelled.value } throws: { ($0 as? FreshetError)?.kind == .cancelled }
        await world.clock.expire(.seconds(10))
        await #expect { try await late.value } throws: { ($0 as? FreshetError)?.kind == .timeout(.credentials) }
        #expect(self.token(try await memory.current()) == "Bearer token-2")
        #expect(asked.withLock { $0 } == 2)
        // What it says in the end is older than what there is.
        stuck.withLock { $0.take() }?.resume()
        for _ in 0..<1000 {
            await Task.yield()
            #expect(self.token(try await memory.current()) == "Bearer token-2")
        }
    }

    @Test("What was refused to one user is not asked again as another")
    func requestsOfAnother() async throws {
        let world = SessionWorld()
        let memory = world.memory()
        try await world.session.login(1)
        let first = try await memory.current()
        try await world.session.login(7)
        #expect(self.token(try await memory.current()) == "Bearer token-7")
        await #expect { try await memory.other(than: first) } throws: { ($0 as? FreshetError)?.kind == .unauthorized }
        #expect(self.token(try await memory.current()) == "Bearer token-7")
        #expect(world.server.refreshes == 0)
    }

    @Test("A late refusal of what a request showed renews nothing where the socket has newer credentials already")
    func lateRefusalOfRequest() async throws {
        let world = SessionWorld()
        let provider = world.session.provider()
        let memory = world.memory(provider)
        try await world.session.login(1)
        let first = try await memory.current()
        _ = try await provider(.expiring)
        #expect(self.token(try await memory.other(than: first)) == "Bearer token-2")
        #expect(world.server.refreshes == 1)
    }
}
