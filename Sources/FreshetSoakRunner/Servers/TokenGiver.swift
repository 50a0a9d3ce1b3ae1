// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetSoak
import FreshetTestSupport

/// Gives clients tokens that end, and writes down which, for whom, and what was refused.
final class TokenGiver: Sendable {
    private struct State: Sendable {
        /// The client of each token, by the token's number from 1.
        var owners: [Int] = []
        var last: [Int: Int] = [:]
        /// How long a renewal takes.
        var delay: Duration = .zero
        /// How much longer than it is good a token is said to be.
        var skew: Duration = .zero
        /// Those that have not ended, by their numbers, as far as anybody was told.
        var live: Set<Int> = []
    }

    let tokens = ExpiringTokens(lifetime: .seconds(60))
    private let recorder: RunRecorder
    private let onToken: @Sendable (String) -> Void
    private let state = Locked(State())

    /// - Parameters:
    ///   - recorder: hears of each token.
    ///   - onToken: hears of each before a client does.
    init(_ recorder: RunRecorder, onToken: @escaping @Sendable (String) -> Void = { _ in }) {
        self.recorder = recorder
        self.onToken = onToken
    }

    var delay: Duration {
        get { self.state.withLock { $0.delay } }
        set { self.state.withLock { $0.delay = newValue } }
    }

    var skew: Duration {
        get { self.state.withLock { $0.skew } }
        set { self.state.withLock { $0.skew = newValue } }
    }

    func provider(for setup: ClientSetup) -> CredentialProvider {
        let kept = Locked<(token: String, ends: ContinuousClock.Instant)?>(nil)
        return { reason in
            let delay = self.delay
            if delay > .zero { try await Task.sleep(for: delay) }
            if reason == .connecting, let (token, ends) = kept.withLock({ $0 }), ends > .now {
                return .bearer(token, lifetime: ends - .now)
            }
            if reason != .connecting, setup.isSignedOut {
                throw SessionEnd(error: FreshetError(.unauthorized, "the session is over"))
            }
            let (token, lifetime) = self.give(to: setup.number)
            kept.withLock { $0 = (token, .now + lifetime) }
            return .bearer(token, lifetime: lifetime)
        }
    }

    /// A new one.
    func give(to client: Int) -> (token: String, lifetime: Duration) {
        let (token, expires) = self.state.withLock { state in
            let token = self.tokens.issue()
            state.owners.append(client)
            let number = state.owners.count
            let ends = self.recorder.us(of: .now) + Int(self.tokens.lifetime / .microseconds(1))
            self.recorder.record(
                .issued(client: client, token: number, replaces: state.last[client], expires: ends)
            )
            state.last[client] = number
            state.live.insert(number)
            return (token, self.tokens.lifetime + state.skew)
        }
        self.onToken(token)
        return (token, expires)
    }

    func isGood(_ token: String) -> Bool { self.tokens.expiry(of: token).map { $0 > .now } ?? false }

    /// Ends all tokens.
    ///
    /// - Returns: those that had not ended: the server is to refuse them.
    func endAll() -> [String] {
        self.tokens.expireAll()
        return self.ended()
    }

    /// Tells a server which tokens have ended, until it is cancelled.
    func whenEnded(_ refuse: @escaping @Sendable (String) -> Void) -> Task<Void, Never> {
        Task {
            while (try? await Task.sleep(for: .milliseconds(200))) != nil {
                for token in self.ended() { refuse(token) }
            }
        }
    }

    /// Those that have ended since it was asked last; it is written down that they are refused.
    private func ended() -> [String] {
        self.state.withLock { state in
            let ended = state.live.map { ($0, "token-\($0)") }.filter { !self.isGood($0.1) }
            for (number, _) in ended {
                state.live.remove(number)
                self.recorder.record(.refused(client: state.owners[number - 1], token: number, expired: false))
            }
            return ended.map(\.1)
        }
    }

    /// Somebody on the way did not take what these clients showed last.
    func refused(clients: [Int]) {
        self.state.withLock { state in
            for client in clients {
                guard let token = state.last[client] else { continue }
                self.recorder.record(.refused(client: client, token: token, expired: false))
            }
        }
    }

    /// The server did not take it.
    func refused(_ token: String) {
        guard let number = token.split(separator: "-").last.flatMap({ Int($0) }) else { return }
        self.state.withLock { state in
            guard (1...max(state.owners.count, 1)).contains(number),
                let owner = state.owners.dropFirst(number - 1).first
            else { return }
            self.recorder.record(.refused(client: owner, token: number, expired: true))
        }
    }
}
