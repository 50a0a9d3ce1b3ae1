// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetCore
import FreshetHTTP
import FreshetTestSupport
import FreshetTransport

/// A session, and clients that use its credentials, in one virtual time.
final class SessionWorld: Sendable {
    let clock = ManualClock()
    let server: NumberedTokens
    let session: AuthSession<NumberedTokens>
    let loop = EventLoop()

    init(_ server: NumberedTokens = NumberedTokens()) {
        self.server = server
        self.session = AuthSession(
            server,
            store: MemoryCredentialStore(),
            time: TimeSource(self.clock, jitter: { 0.5 }),
            wall: { Date(timeIntervalSince1970: 1_700_000_000) }
        )
    }

    deinit {
        let loop = self.loop
        Task { loop.shutdown() }
    }

    func client(
        on transport: ScriptedTransport,
        _ provider: CredentialProvider? = nil
    ) throws -> SubscriptionClient<LineSource> {
        try SubscriptionClient(
            source: LineSource(),
            scripted: transport,
            clock: self.clock,
            credentials: provider ?? self.session.provider(),
            loop: self.loop
        )
    }

    /// What requests show.
    func memory(_ provider: CredentialProvider? = nil) -> CredentialMemory {
        CredentialMemory(provider ?? self.session.provider(), time: TimeSource(self.clock, jitter: { 0.5 }))
    }
}
