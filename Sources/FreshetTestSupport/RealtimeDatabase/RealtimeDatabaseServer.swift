// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import FreshetCore
import FreshetFirebase
import FreshetTransport

/// A stand-in for a Realtime Database, on 127.0.0.1: WebSockets of version 5, REST and server-sent events on one port, with rules that
/// deny and faults on request.
///
/// It was made from what is known of the protocol, not from Google's server, and there is no official emulator beside it. Its REST and
/// its events are checked by `firebase-admin`; nothing checks its WebSockets but what was read and captured of the official client.
public final class RealtimeDatabaseServer: Sendable {
    private let state: Locked<RealtimeServerState>
    private let connections: Locked<[Int: RealtimeServerPeer]>
    private let server: Locked<RawServer?>

    /// Starts a server on a free port.
    ///
    /// - Throws: `.invalidInput` when there is none.
    public init() throws(FreshetError) {
        self.state = Locked(RealtimeServerState())
        self.connections = Locked([:])
        self.server = Locked(nil)
        let server = try RawServer { [weak self] connection in self?.serve(connection) }
        self.server.withLock { $0 = server }
    }

    deinit { self.stop() }

    /// Host and port.
    public var authority: String { "127.0.0.1:\(self.server.withLock { $0?.port ?? 0 })" }

    /// What a client is given.
    public var url: String { "http://\(self.authority)?ns=test" }

    /// Cuts every connection, and refuses new ones, for good.
    public func stop() {
        self.drop()
        let server = self.server.withLock { $0 }
        server?.stop()
    }

    // MARK: - What a test does

    /// What it does otherwise than it should, from now on.
    public var faults: RealtimeServerFaults {
        get { self.state.withLock { $0.faults } }
        set { self.state.withLock { $0.faults = newValue } }
    }

    /// Everything that is at a place.
    ///
    /// - Parameter path: the place.
    /// - Returns: the value.
    public func value(at path: String) -> JSONValue {
        self.state.withLock { $0.root.node(at: RealtimePath(path).keys).json }
    }

    /// Puts a value at a place, and tells those who listen.
    ///
    /// - Parameters:
    ///   - value: the value.
    ///   - path: the place.
    public func set(_ value: JSONValue, at path: String) {
        self.update { $0.write(RealtimePath(path), [(RealtimePath(""), value)], isMerge: false) }
    }

    /// From now on nobody may read there and below, but for the owner; those who do are told so.
    ///
    /// - Parameter path: the place.
    public func denyReading(_ path: String) {
        self.update { state in
            state.unreadable.insert(RealtimePath(path))
            state.enforceRules()
        }
    }

    /// From now on nobody may write there and below, but for the owner.
    ///
    /// - Parameter path: the place.
    public func denyWriting(_ path: String) {
        self.update { $0.unwritable.insert(RealtimePath(path)) }
    }

    /// From now on a token must be shown, and it must be one of these, or `owner`.
    ///
    /// - Parameter tokens: those that are good.
    public func require(_ tokens: Set<String>) {
        self.update { $0.tokens = tokens }
    }

    /// From now on a token must be shown, and this is one of those that are good.
    package func allow(_ token: String) {
        self.update { $0.tokens = ($0.tokens ?? []).union([token]) }
    }

    /// A token is not good any more: those who have shown it are told so.
    ///
    /// - Parameter token: the token.
    public func revoke(_ token: String) {
        self.update { $0.revoke(token) }
    }

    /// Cuts every connection.
    public func drop() {
        let all = self.connections.withLock { $0 }
        for connection in all.values { connection.cut() }
    }

    /// Says something that keeps streams of events alive.
    public func keepAlive() {
        self.update { state in
            for (id, client) in state.clients where client.kind == .events { state.event(id, "keep-alive", nil) }
        }
    }

    /// Sends each WebSocket a frame with this text.
    ///
    /// - Parameter text: the text, whatever it means.
    public func say(_ text: String) {
        self.update { state in
            for (id, client) in state.clients where client.kind == .webSocket { state.frame(id, text) }
        }
    }

    /// What has been asked for over WebSockets, in order: the protocol's actions.
    public var actions: [String] { self.state.withLock { $0.actions } }

    /// How many changes and states have been sent.
    public var pushCount: Int { self.state.withLock { $0.pushes } }

    /// How often a state was not sent because its hash was known.
    public var unchangedCount: Int { self.state.withLock { $0.unchanged } }

    /// How many WebSockets are open.
    public var webSocketCount: Int { self.state.withLock { $0.clients.values.count { $0.kind == .webSocket } } }

    // MARK: - Connections

    /// Changes the state, and sends what is to be sent because of that.
    private func update(_ change: (inout RealtimeServerState) -> Void) {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let ids = self.state.withLock { state in
            state.now = now
            change(&state)
            return state.clients.filter { !$0.value.outgoing.isEmpty || $0.value.isOver }.map(\.key)
        }
        for id in ids { self.flush(id) }
    }

    /// Writes what waits for a connection; whoever writes already takes what has come meanwhile along.
    private func flush(_ id: Int) {
        guard let connection = self.connections.withLock({ $0[id] }) else { return }
        while let pieces = self.state.withLock({ $0.beginWriting(id) }) {
            for piece in pieces { connection.write(piece) }
            self.state.withLock { $0.endWriting(id) }
        }
        if self.state.withLock({ $0.clients[id].map { $0.isOver && $0.outgoing.isEmpty && !$0.isWriting } ?? false }) {
            connection.cut()
        }
    }

    private func serve(_ connection: RawConnection) {
        let id = self.state.withLock { $0.add() }
        let peer = RealtimeServerPeer(connection)
        self.connections.withLock { $0[id] = peer }
        defer {
            self.connections.withLock { $0[id] = nil }
            peer.cut()
            self.update { $0.remove(id) }
        }
        var reader = RealtimeServerReader(connection)
        while let request = reader.next() {
            if request.isUpgrade {
                if let status = self.faults.refusesWebSocket {
                    connection.write("HTTP/1.1 \(status) No\r\nContent-Length: 0\r\n\r\n")
                    continue
                }
                return self.converse(id, connection, request)
            }
            self.update { $0.answer(id, request) }
        }
    }

    private func converse(_ id: Int, _ connection: RawConnection, _ request: RealtimeServerRequest) {
        connection.write(RawConnection.acceptance(of: request.head, subprotocol: nil))
        let host = self.authority
        self.update { $0.greet(id, lastSession: request.query["ls"], host: host) }
        var frames = ClientFrames(connection)
        while let frame = frames.next() {
            switch frame.first & 0x0F {
            case 0x1: self.update { $0.heard(id, String(decoding: frame.payload, as: UTF8.self)) }
            case 0x8:
                connection.write(RawConnection.frame(0x88, Array(frame.payload.prefix(2))))
                return
            case 0x9: self.update { $0.clients[id]?.outgoing.append(RawConnection.frame(0x8A, frame.payload)) }
            default: break
            }
        }
    }
}
