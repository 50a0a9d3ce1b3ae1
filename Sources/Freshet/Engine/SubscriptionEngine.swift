// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
import FreshetTransport

/// Everything that a `SubscriptionManager` decides, as one value: events in, actions out.
///
/// It puts the machines together: `ConnectionMachine` says when there is a connection, a `SubscriptionTable` for each
/// connection what is sent on it when, a `ContinuityMachine` for each stream what may be missing, the `FeedSource` what
/// messages mean. No clock, no chance, no I/O: the time and the jitter come with each event, so the simulator runs the very
/// same value on a network, a clock and a server that it makes up.
///
/// A *stream* is a subscription as the server sees it; *consumers* are the feeds that it is handed to.
package struct SubscriptionEngine<Source: FeedSource>: Sendable {
    package typealias Epoch = ConnectionMachine.Epoch
    package typealias ConsumerID = UInt64

    /// One attempt, or connection, from its dialling to its end.
    struct Connection {
        var source: Source
        let credentials: Credentials?
        var subprotocol: String?
        var table = SubscriptionTable()
        /// We have said goodbye: what still comes does not count.
        var isClosing = false
        /// What each unanswered ping is for, the oldest first.
        var pings: [Ping] = []
        var lastHeard: Duration = .zero
        /// The longest that the server says to be silent.
        var speaksEvery: Duration?
        /// As what we have closed it: that counts, whatever else goes wrong with it then.
        var closedAs: ConnectionEnd?
    }

    enum Ping {
        /// The server has read these subscriptions.
        case subscriptions([SubscriptionID])
        /// Everything that this connection had to say has come.
        case barrier
        /// Its time was up; the answer may still come.
        case spent
    }

    struct Stream {
        let request: Source.Request
        let kind: OperationKind
        let sharing: Sharing?
        var consumers: [ConsumerID]
        var continuity: ContinuityMachine
        /// Whether its snapshot is to be had without the WebSocket.
        let isPollable: Bool
        /// Its polling, and then what that has handed out, until the subscription has taken over.
        var poll: PollMachine?
        /// Whether it was told that it is polled.
        var isToldOfPolling = false
        /// The connection that its elements count on.
        var home: Epoch?
        /// For those who join later: the last element, and the gap after it if there is one.
        var last: [FeedItem] = []
        /// Refusals and failed snapshots one after another.
        var failures = 0
        var lostAt: Duration?
        var lostBecause = ""
        /// How long it had been away when it was subscribed last.
        var outage: Duration = .zero
        /// Whether its consumer hears of positions without data.
        var hearsBookmarks = false
        /// How long a snapshot may take.
        var fetchDeadline: Duration = .zero
        /// The longest that the server says to be silent about it, and when it was heard of last.
        var speaksEvery: Duration?
        var lastHeard: Duration = .zero
    }

    let template: Source
    let policy: ConnectionPolicy
    var machine: ConnectionMachine
    var connections: [Epoch: Connection] = [:]
    /// What the provider gave for an attempt that is not dialled yet.
    var credentials: [Epoch: Credentials] = [:]
    /// The connection that is acknowledged and counts.
    var current: Epoch?
    var handOver: HandOver?
    /// While streams are handed over nothing is sent: one that has not had its turn yet would be sent without its gap.
    var isMoving = false
    var streams: [SubscriptionID: Stream] = [:]
    var consumers: [ConsumerID: SubscriptionID] = [:]
    var shared: [Sharing: SubscriptionID] = [:]
    /// Why pollable streams are polled now.
    var polling: Polling?
    /// How many streams are pollable.
    var pollable = 0
    /// Consumers so far behind that nothing is read.
    var full: Set<ConsumerID> = []
    var lastID: SubscriptionID = 0
    var isClosed = false
    /// What the machine reported, and what was said of it: streams that rest make it `degraded`.
    var reported = ConnectionState.idle
    var said = ConnectionState.idle
    var actions: [Action] = []
    var now: Duration = .zero
    var jitter: Double = 0

    package init(source: Source, policy: ConnectionPolicy = ConnectionPolicy(), hasCredentials: Bool = false) {
        self.template = source
        self.policy = policy
        self.machine = ConnectionMachine(policy: policy, hasCredentials: hasCredentials)
    }

    package mutating func on(_ event: Event, at now: Duration, jitter: Double) -> [Action] {
        self.now = now
        self.jitter = jitter
        self.handle(event)
        defer { self.actions = [] }
        return self.actions
    }

    /// Whether nothing is left that anybody waits for.
    package var isIdle: Bool { self.streams.isEmpty && self.connections.isEmpty }

    private mutating func handle(_ event: Event) {
        switch event {
        case .start: if self.policy.eager { self.drive(.wanted) }
        case .open(let consumer, let opening): self.open(consumer, opening)
        case .leave(let consumer): self.leave(consumer)
        case .full(let consumer): self.becameFull(consumer)
        case .drained(let consumer): self.drained(consumer)
        case .hint(let hint): self.drive(.hint(hint))
        case .close: self.close()
        case .credentials(let epoch, let credentials):
            self.credentials[epoch] = credentials
            self.drive(.credentials(epoch, lifetime: credentials.lifetime))
            self.credentials[epoch] = nil
        case .credentialsFailed(let epoch, let error): self.ended(epoch, .failure(error))
        case .signedOut(let error): self.drive(.signedOut(error))
        case .opened(let epoch, let subprotocol):
            self.connections[epoch]?.subprotocol = subprotocol
            self.drive(.opened(epoch))
        case .messages(let epoch, let batches): self.received(batches, on: epoch)
        case .ponged(let epoch): if self.handOver?.barrier == .probed { self.answered(.barrier, on: epoch) }
        case .ended(let epoch, let end): self.ended(epoch, end)
        case .fetched(let id, let number, let result): self.fetched(id, number, result)
        case .polled(let id, let number, let result): self.polled(id, number, result)
        case .fired(let timer): self.fired(timer)
        }
    }

    private mutating func close() {
        guard !self.isClosed else { return }
        self.isClosed = true
        let error = FreshetError(.clientClosed, "the client has been closed")
        for id in self.streams.keys.sorted() {
            // The server has it, and may execute it yet.
            let isUncertain = self.streams[id]?.kind == .mutation && self.streams[id]?.home != nil
            self.end(id, .failed(isUncertain ? Self.outcomeUnknown : error))
        }
        self.drive(.close)
    }

    private mutating func ended(_ epoch: Epoch, _ end: ConnectionEnd) {
        let connection = self.connections.removeValue(forKey: epoch)
        let source = connection?.source ?? self.template
        let end = connection?.closedAs ?? end
        let verdict = self.policy.close.verdict(on: end) { source.decision(onClose: $0, reason: $1) }
        self.actions += [
            .stop(.pace(epoch)), .stop(.settle(epoch)), .stop(.lastWord(epoch)), .stop(.silence(epoch)),
        ]
        self.drive(.ended(epoch, end, verdict.decision, isOverride: verdict.isOverride))
    }
}
