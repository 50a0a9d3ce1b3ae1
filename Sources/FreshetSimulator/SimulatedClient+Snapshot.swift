// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL

extension SimulatedClient {
    /// As `GraphQLRecovery.refetch` does it: a query on the same connection, or a call over HTTP.
    func fetch(
        _ id: SubscriptionID,
        _ request: SnapshotRequest,
        _ consumer: UInt64,
        _ answer: @escaping (Result<Fetched, FreshetError>) -> Engine.Event
    ) {
        guard let consumer = self.consumers[consumer] else { return }
        if consumer.isPollable || consumer.kind == .list { return self.call(id, consumer, request, answer) }
        if !request.overSocket { self.note("a query without a connection") }
        let topic = consumer.topic
        let oneShot = SimulatedOneShot { [unowned self] outcome in
            // The user's task goes on a little later.
            self.clock.after(.zero) { [unowned self] in
                guard self.fetching.removeValue(forKey: id) != nil else { return }
                self.handle(answer(outcome.map { Self.snapshot($0) }))
            }
        }
        let asked = self.ask("state", topic, .query, oneShot)
        self.fetching[id] = asked
    }

    /// Half of the functions know validators.
    private func call(
        _ id: SubscriptionID,
        _ consumer: SimulatedConsumer,
        _ request: SnapshotRequest,
        _ answer: @escaping (Result<Fetched, FreshetError>) -> Engine.Event
    ) {
        let number = self.nextConsumer()
        self.fetching[id] = number
        self.clock.after(self.latency()) { [unowned self] in
            let last = self.server.last[consumer.topic]
            let hidesSeam = self.mutation != .polledTwice || !request.overSocket
            let isUnchanged = hidesSeam && consumer.id.isMultiple(of: 2) && request.validator == "\(last)"
            let text = SimulatedServer.payload(consumer.topic, last) + (hidesSeam ? "" : " ")
            let json = Bytes(copying: text.utf8)
            let result: Result<Fetched, FreshetError> =
                self.clock.now < self.restFailsUntil
                ? .failure(FreshetError(.unreachable, "no REST"))
                : .success(isUnchanged ? Fetched(.unchanged) : Self.snapshot(json, validator: "\(last)"))
            self.clock.after(self.latency()) { [unowned self] in
                guard self.fetching[id] == number else { return }
                self.fetching[id] = nil
                self.handle(answer(result))
            }
        }
    }

    private static func snapshot(_ json: Bytes, validator: String? = nil) -> Fetched {
        var request = GraphQLRequest(query: "")
        request.positionPath = "data.e.n"
        request.keyPath = "data.e.t"
        let mark = request.mark(of: json)
        let versions = mark.flatMap { mark in mark.key.flatMap { key in mark.position.map { [key: $0] } } } ?? [:]
        return Fetched(
            .snapshot,
            items: [.snapshot(json)],
            versions: versions,
            validator: validator,
            position: mark?.position
        )
    }
}
