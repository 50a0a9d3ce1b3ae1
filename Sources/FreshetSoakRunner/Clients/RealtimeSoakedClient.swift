// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments
import FreshetFirebase
import FreshetTransport

/// A client of the stand-in for the Realtime Database.
struct RealtimeSoakedClient: SoakedClient {
    let client: RealtimeDatabase

    init(_ setup: ClientSetup, url: String, route: NetworkRoute, tokens: TokenGiver) {
        self.client = RealtimeDatabase(
            url: "\(url)?ns=soak",
            configuration: RealtimeDatabaseConfiguration(
                credentials: setup.hasTokens ? tokens.provider(for: setup) : { _ in .bearer("owner") },
                webSocket: .soaked(setup),
                policy: .soaked(setup.timing)
            ),
            loop: .shared,
            webSocket: LWSTransport(route: route),
            logger: .silent
        )
    }

    func read(
        _ kind: StreamKind,
        name: String,
        from position: Position?,
        delivery: DeliveryPolicy,
        take: (Handed) async -> Void
    ) async throws(FreshetError) {
        let place = self.client.reference(RealtimeServer.place)
        var ledger = StateLedger()
        guard kind == RealtimeServer.children else {
            for try await event in place.observe(as: [String: PublishedElement].self, delivery: delivery) {
                switch event {
                case .gap(let gap): await take(Handed(observed: [.gap(gap)]))
                case .snapshot(let all):
                    await take(Handed(observed: ledger.replace(by: (all ?? [:]).values.sorted { $0.n < $1.n })))
                case .update(let all): await take(Handed(observed: ledger.become(Array((all ?? [:]).values))))
                }
            }
            return
        }
        for try await event in place.children(of: PublishedElement.self).watch(delivery: delivery) {
            await take(Handed(observed: ledger.take(event)))
        }
    }
}
