// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
import FreshetTransport

/// A GraphQL server for tests: real sockets on 127.0.0.1, `graphql-transport-ws`, and faults on request.
///
/// It speaks WebSocket by libwebsockets' own server role, so a client is never tested against its own codec. A request that is no
/// upgrade is answered with 426. It serves three subscriptions:
///
/// - `count(to: Int!): Int!`, as fast as the client takes it;
/// - `ticks(every: Int = 1000, to: Int, bytes: Int = 0): Tick!` with the fields `n`, `at` and `pad`;
/// - `events(after: Int, to: Int, every: Int = 1, as: String): Event!` with the fields `n`, `key` and `k` (its number among those
///   of its key): a log that the whole server has in common, that goes on by itself and through restarts, and that can be read
///   again from any element on. `as` is a name for ``Event/subscribed(name:after:)``.
public actor EmbeddedServer {
    /// What has happened on the server's side.
    public struct Statistics: Sendable, Hashable {
        /// Connections that are open now.
        public var open = 0
        /// The most that were ever open at once.
        public var peak = 0
        /// All there ever were.
        public var total = 0
        /// Values sent on all of them.
        public var sent = 0
        /// Requests that came with a token that was not good, where the server wants tokens.
        public var expired = 0
    }

    /// Something that a test may want to wait for, or a person to see.
    public enum Event: Sendable, Hashable {
        /// A client has connected; how many there are now.
        case connected(open: Int)
        /// A client has gone; how many there are now.
        case disconnected(open: Int)
        /// A subscription to `events` begins, with what comes after this element; `name` is its argument `as`.
        case subscribed(name: String, after: Int)
        /// A client came with a token, or still has one, that is not good.
        case refused(token: String)
    }

    private let loop: EventLoop
    private let certificate: String?
    private let key: String?
    private var listener: WebSocketListener?
    private var listening = false
    private var isShutDown = false
    private var clients: [ObjectIdentifier: EmbeddedClient] = [:]
    private var stalled = false
    private var tokens: ExpiringTokens?
    private var wantsTokens = false
    private var forgotten = 0
    private let onEvent: @Sendable (Event) -> Void

    /// The executor: the server's own loop.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { self.loop.asUnownedSerialExecutor() }

    /// What `events` is about.
    package nonisolated let log: EmbeddedLog

    /// Where it listens; the same after a restart.
    public private(set) var port = 0

    /// What has happened so far.
    public var statistics: Statistics {
        var statistics = self.past
        statistics.sent += self.clients.values.map(\.sent).reduce(0, +)
        statistics.expired += self.clients.values.map(\.expired).reduce(0, +)
        return statistics
    }

    /// The same, but for values sent to clients that are still here.
    private var past = Statistics()

    /// What a client is to be given.
    public var url: String { "\(self.certificate == nil ? "ws" : "wss")://127.0.0.1:\(self.port)/graphql" }

    /// Starts a server.
    ///
    /// - Parameters:
    ///   - port: where to listen on 127.0.0.1; 0 takes a free port.
    ///   - certificate: a PEM file; with it and `key` the server speaks TLS.
    ///   - key: a PEM file.
    ///   - eventsPerSecond: how fast the log behind `events` goes on.
    ///   - onEvent: called on the server's thread.
    /// - Throws: `.invalidInput` when the port is in use or the files cannot be read.
    public init(
        port: Int = 0,
        certificate: String? = nil,
        key: String? = nil,
        eventsPerSecond: Int = 100,
        onEvent: @escaping @Sendable (Event) -> Void = { _ in }
    ) async throws(FreshetError) {
        self.loop = EventLoop(.poll)
        self.certificate = certificate
        self.key = key
        self.port = port
        self.log = EmbeddedLog(perSecond: eventsPerSecond)
        self.onEvent = onEvent
        try await self.start()
    }

    /// From now on wants one of these tokens as `token` of `connection_init`, and closes with 4403 what has none that is good.
    package func require(_ tokens: ExpiringTokens) {
        self.tokens = tokens
        self.wantsTokens = true
    }

    /// The same, but lets in who has none.
    package func accept(_ tokens: ExpiringTokens) {
        self.tokens = tokens
        self.wantsTokens = false
    }

    /// Listens again after ``stop()``, on the same port.
    ///
    /// - Throws: `.invalidInput` when the port is in use, or the server was shut down.
    public func start() async throws(FreshetError) {
        guard !self.isShutDown else {
            throw FreshetError(.invalidInput, "the server was shut down", hint: "make another one, or stop() this one")
        }
        guard !self.listening else { return }
        let restart = self.listener != nil
        if !restart { self.listener = try self.makeListener() }
        // Between the end and a new beginning the system may, rarely, have lent the port to a connection of somebody's.
        for attempt in 1...100 {
            do throws(FreshetError) {
                self.port = try self.listener?.start(port: self.port) ?? self.port
                break
            } catch {
                guard restart, attempt < 100 else { throw error }
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
        self.listening = true
    }

    private func makeListener() throws(FreshetError) -> WebSocketListener {
        try WebSocketListener(
            loop: self.loop,
            subprotocol: "graphql-transport-ws",
            certificate: self.certificate,
            key: self.key,
            accepted: { [weak self] peer in
                let peer = Confined(peer)
                self?.assumeIsolated { $0.accepted(peer.value) }
            }
        )
    }

    /// Cuts every connection without a close frame, as a crash would; new ones are accepted.
    public func drop() {
        for client in self.clients.values { client.drop() }
    }

    /// Goes silent: connections stay, nothing is read or sent.
    public func stall() {
        self.stalled = true
        for client in self.clients.values { client.stall(true) }
    }

    /// Ends ``stall()``.
    public func resume() {
        self.stalled = false
        for client in self.clients.values { client.stall(false) }
    }

    /// Cuts every connection and refuses new ones, until ``start()``.
    public func stop() {
        self.drop()
        self.listener?.stop()
        self.listening = false
    }

    /// Stops for good and frees the server's thread. Does nothing when it is called again.
    public func shutdown() {
        self.stop()
        // It goes with the loop.
        self.listener = nil
        self.isShutDown = true
        self.loop.shutdown()
    }

    /// Sends `events` so many of their elements again, out of nothing: a server that goes back in time.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - isMeant: which of them, by their names.
    package func rewind(by count: Int, where isMeant: @Sendable (String) -> Bool = { _ in true }) {
        for client in self.clients.values { client.rewind(by: count, where: isMeant) }
    }

    /// From now on knows no cursor before the newest element: who asks for one is refused.
    ///
    /// - Returns: the last element that is forgotten.
    package func forget() -> Int {
        let last = self.log.last()
        self.forgotten = last
        return last
    }

    /// Lets every token end that was given out.
    package func expireTokens() {
        self.tokens?.expireAll()
        for client in self.clients.values { client.checkToken() }
    }

    private func accepted(_ peer: WebSocketPeer) {
        let client = EmbeddedClient(
            peer,
            on: self.loop,
            log: self.log,
            tokens: self.tokens,
            wantsTokens: self.wantsTokens,
            forgotten: { [weak self] in self?.assumeIsolated { $0.forgotten } ?? 0 },
            onEvent: self.onEvent
        )
        let id = ObjectIdentifier(client)
        self.clients[id] = client
        if self.stalled { client.stall(true) }
        peer.onClosed = { [weak self] in
            self?.assumeIsolated { $0.closed(id) }
        }
        self.past.total += 1
        self.past.open += 1
        self.past.peak = max(self.past.peak, self.past.open)
        self.onEvent(.connected(open: self.past.open))
    }

    private func closed(_ id: ObjectIdentifier) {
        guard let client = self.clients.removeValue(forKey: id) else { return }
        client.stop()
        self.past.sent += client.sent
        self.past.expired += client.expired
        self.past.open -= 1
        self.onEvent(.disconnected(open: self.past.open))
    }
}

/// Carries a peer into the actor that lives on the peer's thread.
// Proof for @unchecked: it is made and read within one call on the loop's thread.
private struct Confined<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}
