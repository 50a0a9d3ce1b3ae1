// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTransport

/// GraphQL's source, but for subscriptions that list first: there the server's refusal means that it has forgotten what came
/// since, as sources of documents say it.
struct SimulatedSource: FeedSource {
    private var inner = GraphQLSource()
    private var listing: Set<SubscriptionID> = []

    var subprotocols: [String] { self.inner.subprotocols }
    var subscribesOneByOne: Bool { self.inner.subscribesOneByOne }

    mutating func opened(
        subprotocol: String?,
        credentials: Credentials?
    ) throws(SourceViolation) -> [WebSocketMessage] {
        try self.inner.opened(subprotocol: subprotocol, credentials: credentials)
    }

    mutating func subscribe(
        _ id: SubscriptionID,
        to request: GraphQLRequest,
        from position: Position?
    ) -> WebSocketMessage {
        if request.query == Scenario.Kind.list.query { self.listing.insert(id) }
        return self.inner.subscribe(id, to: request, from: position)
    }

    mutating func unsubscribe(_ id: SubscriptionID) -> WebSocketMessage? { self.inner.unsubscribe(id) }

    mutating func receive(_ message: WebSocketMessage) throws(SourceViolation) -> SourceEvent {
        let event = try self.inner.receive(message)
        guard case .failed(let id, let error) = event, self.listing.contains(id) else { return event }
        return .historyLost(id, .historyLost, reason: error.message)
    }

    func kind(of request: GraphQLRequest) -> OperationKind { self.inner.kind(of: request) }
    func continuity(of request: GraphQLRequest) -> Continuity { self.inner.continuity(of: request) }
    func ping() -> WebSocketMessage? { self.inner.ping() }
    func mark(of payload: Bytes, in request: GraphQLRequest) -> UpdateMark? {
        self.inner.mark(of: payload, in: request)
    }

    func decision(onClose code: UInt16, reason: String) -> ClosePolicy.Decision? {
        self.inner.decision(onClose: code, reason: reason)
    }
}
