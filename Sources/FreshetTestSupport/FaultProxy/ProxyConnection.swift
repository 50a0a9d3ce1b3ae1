// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// One connection of a `FaultProxy`: a client's socket, the server's, and what is on its way between them. Lives on the proxy's
/// thread.
final class ProxyConnection {
    let number: Int
    let shared: ProxyShared
    let client: ProxyClient
    private let upstream: ProxyUpstream
    var server: RawConnection?
    var isConnecting = false
    private var clientEnded = false
    private var serverEnded = false
    /// Whether the end of one side's half has been passed on.
    private var relayed: Set<FaultDirection> = []
    /// Whether a socket has taken no more.
    private var blocked: Set<FaultDirection> = []
    var endedBy: FaultLogEntry.Side?
    /// How many bytes to the client are left before it is cut.
    private var left: Int?
    /// When something came last, from either side.
    private var heardAt: Duration
    var isOver = false
    /// The server's side is gone by a fault: the client's bytes are read and forgotten, until it ends.
    var isDetached = false

    var fromClient = StreamCutter(of: .client)
    var fromServer = StreamCutter(of: .server)
    var toClient: ProxyPipe
    var toServer: ProxyPipe
    /// Of the upgrade.
    var path = ""
    /// Where nothing is passed on any more.
    var dropping: Set<FaultDirection> = []
    /// Frames that wait for the next one, to come after it.
    var held: [FaultDirection: [UInt8]] = [:]
    /// Rules that act some time after the upgrade, and those that have been taken up.
    var timers: [(rule: Int, due: Duration)] = []
    var armed: Set<Int> = []
    /// What is done to the server's answer to the upgrade.
    var answerFault: FaultAction?
    /// What a middlebox keeps until there is more of it.
    var kept: [UInt8] = []

    /// What may wait to be written before no more is read.
    private static let pipeLimit = 256 << 10

    init(
        _ number: Int,
        _ client: ProxyClient,
        to upstream: ProxyUpstream,
        _ shared: ProxyShared,
        _ turn: ProxyLoop.Turn
    ) {
        self.number = number
        self.client = client
        self.upstream = upstream
        self.shared = shared
        self.heardAt = turn.now
        var random = SeededRandom(shared.configuration.seed ^ UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
        self.toClient = ProxyPipe(seed: random.next())
        self.toServer = ProxyPipe(seed: random.next())
        self.left = turn.conditions.cutAfter.map { Int.random(in: $0, using: &random) }
    }

    func note(_ event: FaultLogEntry.Event) { self.shared.note(event, of: self.number) }

    func begin(_ turn: ProxyLoop.Turn) {
        self.note(.connected)
        let action = self.shared.rules { $0.action(on: .connect, connection: self.number, path: "") }
        if let action { return self.act(action, turn) }
        guard self.client.isSecuring else { return self.dial() }
        if turn.conditions.tls.stallsHandshake { self.detach() }
    }

    private func dial() {
        self.server = self.upstream.dial()
        self.isConnecting = true
        if self.server == nil { self.finish(by: .unreachable, reset: true) }
    }

    // MARK: - The loop's questions

    /// What to wait for: at the client's socket, and at the server's.
    func interest(_ conditions: NetworkConditions) -> [pollfd] {
        var client: Int32 = 0
        var server: Int32 = 0
        if self.mayReadClient(conditions) { client |= Int32(POLLIN) }
        if self.blocked.contains(.toClient) || self.client.hasOutput, self.isOpen(.toClient, conditions) {
            client |= Int32(POLLOUT)
        }
        if self.mayReadServer(conditions) { server |= Int32(POLLIN) }
        if self.isConnecting || self.blocked.contains(.toServer) && self.isOpen(.toServer, conditions) {
            server |= Int32(POLLOUT)
        }
        // Without a descriptor poll() does not tell of a hang-up either, which nobody would take.
        return [(client, self.client.descriptor), (server, self.server?.descriptor ?? -1)].map { events, descriptor in
            pollfd(fd: events == 0 ? -1 : descriptor, events: Int16(events), revents: 0)
        }
    }

    /// When there is something to do without any event.
    func due(_ conditions: NetworkConditions) -> Duration? {
        var all = self.timers.map(\.due)
        if self.mayWrite(.toClient, conditions), let due = self.toClient.due { all.append(due) }
        if self.mayWrite(.toServer, conditions), let due = self.toServer.due { all.append(due) }
        if let idle = self.idleEnd(conditions) { all.append(idle) }
        return all.min()
    }

    /// When a middlebox has had enough of the silence.
    private func idleEnd(_ conditions: NetworkConditions) -> Duration? {
        self.isDetached ? nil : conditions.idleTimeout.map { self.heardAt + $0 }
    }

    private func isOpen(_ direction: FaultDirection, _ conditions: NetworkConditions) -> Bool {
        conditions.blackhole?.holds(direction) != true
    }

    private func mayReadClient(_ conditions: NetworkConditions) -> Bool {
        if self.isDetached { return true }
        let waiting = self.toServer.count + (self.fromClient.mode == .waiting ? self.fromClient.count : 0)
        return !self.clientEnded && self.isOpen(.toServer, conditions) && waiting < Self.pipeLimit
    }

    private func mayReadServer(_ conditions: NetworkConditions) -> Bool {
        !self.isConnecting && !self.serverEnded && self.isOpen(.toClient, conditions)
            && self.toClient.count < Self.pipeLimit
    }

    private func mayWrite(_ direction: FaultDirection, _ conditions: NetworkConditions) -> Bool {
        switch direction {
        case .toServer: if self.isConnecting || self.server == nil { return false }
        case .toClient: if self.client.isSecuring { return false }
        }
        return !self.blocked.contains(direction) && self.isOpen(direction, conditions)
    }

    // MARK: - Reading

    /// Takes what poll() said about the two sockets.
    func ready(client: Int16, server: Int16, _ buffer: inout [UInt8], _ turn: ProxyLoop.Turn) {
        if client & Int16(POLLOUT) != 0 { self.blocked.remove(.toClient) }
        if client & ~Int16(POLLOUT) != 0, !self.isOver, self.mayReadClient(turn.conditions) {
            self.readClient(&buffer, turn)
        }
        guard server != 0, !self.isOver, let socket = self.server else { return }
        if self.isConnecting {
            self.isConnecting = false
            if socket.pendingError != 0 { self.finish(by: .unreachable, reset: true) }
            return
        }
        if server & Int16(POLLOUT) != 0 { self.blocked.remove(.toServer) }
        if server & ~Int16(POLLOUT) != 0, self.mayReadServer(turn.conditions) { self.readServer(socket, &buffer, turn) }
    }

    private func readClient(_ buffer: inout [UInt8], _ turn: ProxyLoop.Turn) {
        if self.isDetached { return self.forgetClient(&buffer) }
        let wasSecuring = self.client.isSecuring
        let read = self.client.readSome(into: &buffer)
        if wasSecuring || self.client.failure != nil { self.takeHandshake(read, turn) }
        guard !self.isOver, !self.isDetached else { return }
        switch read {
        case .nothingYet: break
        case .failed: return self.finish(by: .client, reset: true)
        case .bytes(let bytes):
            self.heardAt = turn.now
            self.fromClient.append(bytes)
            self.takePieces(.toServer, turn)
        case .end: return self.endClient(turn)
        }
        if self.client.hasEnded, !self.isDetached { self.endClient(turn) }
    }

    private func forgetClient(_ buffer: inout [UInt8]) {
        switch self.client.forgetSome(into: &buffer) {
        case .nothingYet, .bytes: return
        case .end: self.finish(by: .client)
        case .failed: self.finish(by: .client, reset: true)
        }
    }

    private func endClient(_ turn: ProxyLoop.Turn) {
        guard !self.clientEnded else { return }
        self.clientEnded = true
        self.note(.endOfStream(from: .client))
        self.endedBy = self.endedBy ?? .client
        self.passRest(.toServer, self.fromClient.takeRest(), turn)
        self.toServer.end(.relayed, at: turn.now, turn.conditions)
    }

    /// The handshake of TLS is over, or has failed; or TLS has failed later.
    private func takeHandshake(_ read: RawConnection.Read, _ turn: ProxyLoop.Turn) {
        if let failure = self.client.failure {
            self.note(.tlsFailed(failure))
            self.endedBy = .client
            // What is to be told goes out; an RST would overtake it.
            self.detach()
            self.client.endWriting(.nothing)
        } else if !self.client.isSecuring {
            self.note(.secured)
            self.dial()
        } else if case .end = read {
            self.note(.tlsFailed("the client has ended the connection"))
            self.finish(by: .client)
        }
    }

    private func readServer(_ socket: RawConnection, _ buffer: inout [UInt8], _ turn: ProxyLoop.Turn) {
        switch socket.readSome(into: &buffer) {
        case .nothingYet: return
        case .failed: self.finish(by: .server, reset: true)
        case .bytes(let bytes):
            self.heardAt = turn.now
            self.fromServer.append(bytes)
            self.takePieces(.toClient, turn)
        case .end:
            self.serverEnded = true
            self.note(.endOfStream(from: .server))
            self.endedBy = self.endedBy ?? .server
            self.passRest(.toClient, self.fromServer.takeRest(), turn)
            self.toClient.end(.relayed, at: turn.now, turn.conditions)
        }
    }

    // MARK: - Writing

    /// Does what is due.
    func work(_ turn: ProxyLoop.Turn) {
        let due = self.timers.filter { $0.due <= turn.now }
        self.timers.removeAll { $0.due <= turn.now }
        for timer in due where !self.isDetached && !self.isOver {
            if let action = self.shared.rules({ $0.action(ofRule: timer.rule) }) { self.act(action, turn) }
        }
        if let idle = self.idleEnd(turn.conditions), idle <= turn.now { self.act(.cut(turn.conditions.cut), turn) }
        if turn.conditions.buffering == nil { self.passKept(turn) }
        self.writeToServer(turn)
        self.writeToClient(turn)
        if !self.isOver, self.relayed.count == 2, !self.client.hasOutput { self.finish(by: self.endedBy ?? .server) }
    }

    func writeToServer(_ turn: ProxyLoop.Turn) {
        while !self.isOver, self.mayWrite(.toServer, turn.conditions), let server = self.server,
            let next = self.toServer.next(at: turn.now, turn.conditions)
        {
            switch next {
            case .bytes(let bytes):
                guard let count = server.writeSome(bytes) else { return self.finish(by: .server, reset: true) }
                if count == 0 { self.blocked.insert(.toServer) }
                self.toServer.wrote(count, at: turn.now, turn.conditions)
            case .end:
                self.toServer.removeEnd()
                server.endWriting()
                self.relayed.insert(.toServer)
            }
        }
    }

    private func writeToClient(_ turn: ProxyLoop.Turn) {
        if !self.isOver, self.client.hasOutput, self.isOpen(.toClient, turn.conditions), !self.client.flush() {
            return self.finish(by: .client, reset: true)
        }
        while !self.isOver, self.mayWrite(.toClient, turn.conditions) {
            if self.left == 0 {
                self.left = nil
                return self.act(.cut(turn.conditions.cut), turn)
            }
            guard let next = self.toClient.next(at: turn.now, turn.conditions) else { return }
            switch next {
            case .bytes(let bytes):
                guard let count = self.client.writeSome(bytes.prefix(self.left ?? .max)) else {
                    return self.finish(by: .client, reset: true)
                }
                if count == 0 { self.blocked.insert(.toClient) }
                self.toClient.wrote(count, at: turn.now, turn.conditions)
                if let left = self.left { self.left = left - count }
            case .end(.relayed):
                self.toClient.removeEnd()
                self.client.endWriting()
                self.relayed.insert(.toClient)
            case .end(.cut(let cut)):
                self.toClient.removeEnd()
                self.cut(cut)
            }
        }
    }
}
