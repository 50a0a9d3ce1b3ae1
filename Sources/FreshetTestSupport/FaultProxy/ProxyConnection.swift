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
    private let client: RawConnection
    private var server: RawConnection?
    private var isConnecting = false
    private var clientEnded = false
    private var serverEnded = false
    /// Whether the end of one side's half has been passed on.
    private var relayed: Set<FaultDirection> = []
    /// Whether a socket has taken no more.
    private var blocked: Set<FaultDirection> = []
    private var endedBy: FaultLogEntry.Side?
    /// How many bytes to the client are left before it is cut.
    private var left: Int?
    private(set) var isOver = false
    /// The server's side is gone by a fault: the client's bytes are read and forgotten, until it ends.
    private(set) var isDetached = false

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
    /// Rules that act some time after the upgrade.
    var timers: [(rule: Int, due: Duration)] = []

    /// What may wait to be written before no more is read.
    private static let pipeLimit = 256 << 10

    init(_ number: Int, _ client: RawConnection, _ shared: ProxyShared, _ turn: ProxyLoop.Turn) {
        self.number = number
        self.client = client
        self.shared = shared
        var random = SeededRandom(shared.configuration.seed ^ UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
        self.toClient = ProxyPipe(seed: random.next())
        self.toServer = ProxyPipe(seed: random.next())
        self.left = turn.conditions.cutAfter.map { Int.random(in: $0, using: &random) }
    }

    func note(_ event: FaultLogEntry.Event) { self.shared.note(event, of: self.number) }

    func begin(to upstream: ProxyUpstream, _ turn: ProxyLoop.Turn) {
        self.note(.connected)
        let action = self.shared.rules { $0.action(on: .connect, connection: self.number, path: "") }
        if let action { return self.act(action, turn) }
        self.server = upstream.dial()
        self.isConnecting = true
        if self.server == nil { self.finish(by: .unreachable, reset: true) }
    }

    // MARK: - The loop's questions

    /// What to wait for: at the client's socket, and at the server's.
    func interest(_ conditions: NetworkConditions) -> [pollfd] {
        var client: Int32 = 0
        var server: Int32 = 0
        if self.mayReadClient(conditions) { client |= Int32(POLLIN) }
        if self.blocked.contains(.toClient), self.isOpen(.toClient, conditions) { client |= Int32(POLLOUT) }
        if self.mayReadServer(conditions) { server |= Int32(POLLIN) }
        if self.isConnecting || self.blocked.contains(.toServer) && self.isOpen(.toServer, conditions) {
            server |= Int32(POLLOUT)
        }
        // Without a descriptor poll() does not tell of a hang-up either, which nobody would take.
        return [(client, Optional(self.client)), (server, self.server)].map { events, socket in
            pollfd(fd: events == 0 ? -1 : socket?.descriptor ?? -1, events: Int16(events), revents: 0)
        }
    }

    /// When there is something to do without any event.
    func due(_ conditions: NetworkConditions) -> Duration? {
        var all = self.timers.map(\.due)
        if self.mayWrite(.toClient, conditions), let due = self.toClient.due { all.append(due) }
        if self.mayWrite(.toServer, conditions), let due = self.toServer.due { all.append(due) }
        return all.min()
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
        if direction == .toServer, self.isConnecting || self.server == nil { return false }
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
        switch self.client.readSome(into: &buffer) {
        case .nothingYet: return
        case .failed: self.finish(by: .client, reset: true)
        case .bytes(let bytes):
            guard !self.isDetached else { return }
            self.fromClient.append(bytes)
            self.takePieces(.toServer, turn)
        case .end:
            guard !self.isDetached else { return self.finish(by: .client) }
            self.clientEnded = true
            self.endedBy = self.endedBy ?? .client
            self.passRest(.toServer, self.fromClient.takeRest(), turn)
            self.toServer.end(.relayed, at: turn.now, turn.conditions)
        }
    }

    private func readServer(_ socket: RawConnection, _ buffer: inout [UInt8], _ turn: ProxyLoop.Turn) {
        switch socket.readSome(into: &buffer) {
        case .nothingYet: return
        case .failed: self.finish(by: .server, reset: true)
        case .bytes(let bytes):
            self.fromServer.append(bytes)
            self.takePieces(.toClient, turn)
        case .end:
            self.serverEnded = true
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
        self.writeToServer(turn)
        self.writeToClient(turn)
        if !self.isOver, self.relayed.count == 2 { self.finish(by: self.endedBy ?? .server) }
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

    // MARK: - Ends

    /// Ends the server's side; the client's goes on by itself.
    func detach(reset: Bool = false) {
        self.server?.shut(reset: reset)
        self.server = nil
        (self.isDetached, self.isConnecting) = (true, false)
        self.endedBy = self.endedBy ?? .proxy
        self.toServer.removeAll()
    }

    /// The server's side ends now, the client's when it has been sent what is on its way.
    func leave(by cut: FaultCut, _ turn: ProxyLoop.Turn) {
        self.writeToServer(turn)
        guard !self.isOver else { return }
        self.detach(reset: cut == .reset)
        self.toClient.end(.cut(cut), at: turn.now, turn.conditions)
    }

    /// Ends the client's side, now.
    func cut(_ cut: FaultCut) {
        guard !self.isOver else { return }
        // Where nothing else is on its way: a text frame of 4096 bytes, with the first of them.
        if cut == .endInFrame, self.fromServer.mode == .frames, !self.toClient.isInside {
            _ = self.client.writeSome([0x81, 0x7E, 0x10, 0x00, 0x7B])
        }
        self.endedBy = self.endedBy ?? .proxy
        self.toClient.removeAll()
        switch cut {
        case .reset: self.finish(by: .proxy, reset: true)
        case .end, .endInFrame:
            self.detach()
            self.client.endWriting()
        case .halfOpen: self.detach(reset: true)
        }
    }

    /// Ends both sides for good.
    func finish(by side: FaultLogEntry.Side, reset: Bool = false) {
        guard !self.isOver else { return }
        self.isOver = true
        self.client.shut(reset: reset)
        self.server?.shut(reset: reset)
        self.server = nil
        self.note(.ended(by: self.endedBy ?? side))
    }
}
