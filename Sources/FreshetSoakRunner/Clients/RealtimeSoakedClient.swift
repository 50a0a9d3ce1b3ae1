// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments
import FreshetFirebase
import FreshetTransport

/// A client of the stand-in for the Realtime Database.
struct RealtimeSoakedClient: SoakedClient {
    private let database: RealtimeDatabase

    init(_ setup: ClientSetup, url: String, route: NetworkRoute, tokens: TokenGiver) {
        self.database = RealtimeDatabase(
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

    var connectionStates: AsyncStream<ConnectionState> { self.database.connectionStates }
    func hint(_ hint: ConnectionHint) { self.database.hint(hint) }
    func close() async { await self.database.close() }

    func read(
        _ kind: StreamKind,
        name: String,
        from position: Position?,
        delivery: DeliveryPolicy,
        take: (Handed) async -> Void
    ) async throws(FreshetError) {
        let place = self.database.reference(RealtimeServer.place)
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
