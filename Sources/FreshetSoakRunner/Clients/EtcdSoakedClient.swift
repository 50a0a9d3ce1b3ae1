// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments
import FreshetTransport

/// A client of an etcd.
struct EtcdSoakedClient: SoakedClient {
    let client: EtcdClient
    private let documents: EtcdDocuments<Publisher.Element>

    init(_ setup: ClientSetup, url: String, prefix: String, route: NetworkRoute) {
        let configuration = EtcdClientConfiguration(webSocket: .soaked(setup), policy: .soaked(setup.timing))
        self.client = EtcdClient(
            url: url,
            configuration: configuration,
            loop: .shared,
            webSocket: LWSTransport(route: route),
            logger: .silent
        )
        self.documents = self.client.documents(Publisher.Element.self, under: prefix)
    }

    func read(
        _ kind: StreamKind,
        name: String,
        from position: Position?,
        delivery: DeliveryPolicy,
        take: (Handed) async -> Void
    ) async throws(FreshetError) {
        let start = position.map { DocumentStart.after($0) } ?? .snapshot
        for try await one in self.documents.watch(from: start, delivery: delivery).positioned {
            switch one.element {
            case .gap(let gap): await take(Handed(observed: [.gap(gap)], position: nil))
            case .snapshot(let all):
                let newest = all.documents.map(\.value.n).max() ?? 0
                await take(Handed(observed: [.snapshot(covers: newest)], position: one.position))
            case .update(let changes):
                let elements = changes.compactMap { change in
                    change.document.map { document in
                        let element = document.value
                        return Observed.element(n: element.n, key: "\(element.key)", k: element.k)
                    }
                }
                await take(Handed(observed: elements, position: one.position))
            }
        }
    }
}
