// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments
import FreshetFirebase
import FreshetHTTP
import HTTPTypes

/// A client of the stand-in for Firestore: one stream for all of its watches.
struct FirestoreSoakedClient: SoakedClient {
    let client: Firestore

    init(_ setup: ClientSetup, url: String, tokens: TokenGiver) {
        var configuration = FirestoreConfiguration(
            credentials: setup.hasTokens ? tokens.provider(for: setup) : { _ in .bearer("owner") }
        )
        configuration.server = url
        configuration.policy = .soaked(setup.timing)
        configuration.logger = .silent
        configuration.http.proxy = .none
        configuration.http.timeouts.connect = setup.timing.deadline
        // Of its own, so that a connection is nobody else's.
        configuration.http.pool = HTTPPool()
        if let name = HTTPField.Name(SocketWatch.header) { configuration.http.headers[name] = "\(setup.number)" }
        configuration.pace.handshake = setup.timing.deadline
        configuration.pace.request = setup.timing.deadline
        configuration.pace.again = setup.timing.backoff.initial
        self.client = Firestore(project: "demo", configuration: configuration)
    }

    func read(
        _ kind: StreamKind,
        name: String,
        from position: Position?,
        delivery: DeliveryPolicy,
        take: (Handed) async -> Void
    ) async throws(FreshetError) {
        let collection = self.client.collection(FirestoreServer.collection)
        var ledger = StateLedger()
        guard kind == FirestoreServer.documents else {
            var isFirst = true
            for try await state in collection.snapshots() {
                let elements = state.documents.compactMap { $0.element }
                await take(Handed(observed: isFirst ? ledger.replace(by: elements) : ledger.become(elements)))
                isFirst = false
            }
            return
        }
        let feed = collection.documents(as: PublishedElement.self).watch(delivery: delivery)
        for try await event in feed { await take(Handed(observed: ledger.take(event))) }
    }
}

extension FirestoreDocument {
    /// All of them at every change: there is no time for coders.
    fileprivate var element: PublishedElement? {
        guard case .integer(let n)? = self.fields["n"], case .integer(let key)? = self.fields["key"],
            case .integer(let k)? = self.fields["k"]
        else { return nil }
        return PublishedElement(n: Int(n), key: Int(key), k: Int(k))
    }
}

extension StateLedger {
    /// What a feed of documents hands out.
    mutating func take(_ event: DocumentEvent<PublishedElement>) -> [Observed] {
        switch event {
        case .gap(let gap): return [.gap(gap)]
        case .snapshot(let all): return self.replace(by: all.documents.map(\.value))
        case .update(let changes):
            let removed = changes.filter { $0.document == nil }.compactMap { PublishedElement.key(of: $0.key) }
            return self.change(changes.compactMap { $0.document?.value }, removed: removed)
        }
    }
}
