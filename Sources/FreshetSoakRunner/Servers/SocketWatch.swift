// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetSoak
import FreshetTestSupport
import FreshetTransport

/// Which connection of the proxy is whose, by a header that each client sends.
final class SocketWatch: Sendable {
    static let header = "X-Freshet-Client"

    private struct State: Sendable {
        /// The client of each connection that became a WebSocket, or that it sends requests on.
        var clients: [Int: Int] = [:]
        /// Those that are open.
        var open: Set<Int> = []
        /// While nothing gets through, it is not seen either that a client has let go of its socket.
        var isBlind = false
        /// Those whose clients have made another since.
        var assumedClosed: Set<Int> = []
    }

    private let recorder: RunRecorder
    /// Several proxies of a run number their connections alike.
    private let offset: Int
    private let isWebSocket: Bool
    private let state = Locked(State())

    /// - Parameters:
    ///   - recorder: hears of each.
    ///   - offset: what is added to their numbers.
    ///   - isWebSocket: whether only those count that become WebSockets.
    init(_ recorder: RunRecorder, offset: Int, isWebSocket: Bool = true) {
        self.recorder = recorder
        self.offset = offset
        self.isWebSocket = isWebSocket
    }

    func take(_ entry: FaultLogEntry) {
        switch entry.event {
        case .request(_, _, let headers, let isUpgrade) where isUpgrade == self.isWebSocket:
            let header = headers.first { $0.name.lowercased() == Self.header.lowercased() }
            guard let client = header.flatMap({ Int($0.value) }), !self.isKnown(entry.connection) else { return }
            let older = self.state.withLock { state in
                let older = state.isBlind ? state.clients.filter { $0.value == client }.map(\.key) : []
                let new = older.filter { !state.assumedClosed.contains($0) }
                state.assumedClosed.formUnion(new)
                state.clients[entry.connection] = client
                return new
            }
            self.recorder.record(older.map { .closed(client: client, socket: self.offset + $0) })
            self.recorder.record(.opened(client: client, socket: self.offset + entry.connection))
        case .connected: self.state.withLock { _ = $0.open.insert(entry.connection) }
        case .endOfStream(from: .client), .ended:
            // A client that has let go of its socket is not to blame for a network that takes its time to pass that on.
            let client = self.state.withLock { state in
                if case .ended = entry.event { state.open.remove(entry.connection) }
                let client = state.clients.removeValue(forKey: entry.connection)
                return state.assumedClosed.remove(entry.connection) == nil ? client : nil
            }
            guard let client else { return }
            self.recorder.record(.closed(client: client, socket: self.offset + entry.connection))
        default: break
        }
    }

    private func isKnown(_ connection: Int) -> Bool { self.state.withLock { $0.clients[connection] != nil } }

    /// Says that nothing gets through, or that it does again: what is still open then was open all the while.
    func setBlind(_ isBlind: Bool) {
        let back = self.state.withLock { state in
            state.isBlind = isBlind
            guard !isBlind else { return [(Int, Int)]() }
            defer { state.assumedClosed = [] }
            return state.assumedClosed.compactMap { connection in state.clients[connection].map { ($0, connection) } }
        }
        self.recorder.record(back.map { .opened(client: $0.0, socket: self.offset + $0.1) })
    }

    /// The connections of these clients that are open; as many of all, where it is not to be seen whose they are.
    func connections(of clients: Set<Int>) -> [Int] {
        self.state.withLock { state in
            guard !state.clients.isEmpty else { return Array(state.open.sorted().prefix(clients.count)) }
            return state.clients.filter { clients.contains($0.value) }.map(\.key).sorted()
        }
    }

    /// Whose these connections are.
    func clients(of connections: [Int]) -> [Int] {
        self.state.withLock { state in connections.compactMap { state.clients[$0] } }
    }

    var all: [Int] { self.state.withLock { $0.open.sorted() } }
}
