// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments
import FreshetTransport

/// A client of a nats-server.
struct NATSSoakedClient: SoakedClient {
    let client: NATSClient

    init(_ setup: ClientSetup, url: String, route: NetworkRoute) {
        self.client = NATSClient(
            url: url,
            configuration: NATSClientConfiguration(webSocket: .soaked(setup), policy: .soaked(setup.timing)),
            nonce: "soak\(setup.number)",
            loop: .shared,
            transport: LWSTransport(route: route),
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
        let stream = self.client.stream(NATSServer.stream, of: Publisher.Element.self)
        let start = position.map { NATSStart.after($0) } ?? .first
        for try await one in stream.messages(from: start, delivery: delivery).positioned {
            switch one.element {
            case .gap(let gap): await take(Handed(observed: [.gap(gap)], position: nil))
            case .update(let message), .snapshot(let message):
                let element = message.value
                let observed = Observed.element(n: element.n, key: "\(element.key)", k: element.k)
                await take(Handed(observed: [observed], position: one.position))
            }
        }
    }
}
