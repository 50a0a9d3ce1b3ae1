// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport

@testable import FreshetFirebase

/// A client on scripted connections, in virtual time.
struct RealtimeScripted {
    let transport = ScriptedTransport()
    let clock = ManualClock()
    let database: RealtimeDatabase

    init(
        _ url: String = "http://127.0.0.1:1?ns=demo",
        _ configuration: RealtimeDatabaseConfiguration = RealtimeDatabaseConfiguration()
    ) {
        self.database = RealtimeDatabase(
            url: url,
            configuration: configuration,
            loop: .shared,
            webSocket: self.transport,
            time: TimeSource(self.clock, jitter: { 0.5 })
        )
    }

    /// Attempt `number`, greeted.
    func ready(_ number: Int, _ hello: String = RealtimeConversation.hello) async -> ScriptedLink {
        let link = await self.transport.dial(number)
        link.open(subprotocol: nil)
        link.receive(hello)
        return link
    }
}
