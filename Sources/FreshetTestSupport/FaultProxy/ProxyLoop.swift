// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The thread of a `FaultProxy`: waits in poll() for sockets, calls and time, and lets its connections do what is due.
final class ProxyLoop {
    /// What one turn of the loop goes by.
    struct Turn {
        let now: Duration
        let conditions: NetworkConditions
    }

    private let shared: ProxyShared
    private var listener: ProxyListener
    private let upstream: ProxyUpstream
    private let tls: ProxyTLS?
    private var connections: [ProxyConnection] = []
    private var lastNumber = 0
    private var flap: (flap: NetworkConditions.Flap, began: Duration)?
    /// When to accept again, after there was no descriptor left.
    private var acceptAgain: Duration?
    /// Who wakes us for what is due next.
    private var alarm: (due: Duration, task: Task<Void, Never>)?
    private var buffer = [UInt8](repeating: 0, count: 65536)

    init(_ shared: ProxyShared, _ listener: ProxyListener, _ upstream: ProxyUpstream) {
        self.shared = shared
        self.listener = listener
        self.upstream = upstream
        self.tls = shared.configuration.authority.map { ProxyTLS($0) }
    }

    /// Returns when the proxy was stopped, and everything has ended.
    func run() {
        while !self.shared.isStopped { self.turn() }
        self.alarm?.task.cancel()
        for connection in self.connections { connection.finish(by: .proxy, reset: true) }
        self.listener.end()
        self.shared.log.close()
    }

    private func turn() {
        let events = self.wait()
        let turn = Turn(now: self.shared.clock.now(), conditions: self.shared.conditions)
        if events[0].revents != 0 { self.shared.waker.drain() }
        for command in self.shared.takeCommands() {
            for connection in self.connections { connection.take(command, turn) }
        }
        let change = self.network(turn)
        let known = self.connections
        if events[1].revents != 0 || self.acceptAgain.map({ $0 <= turn.now }) == true { self.accept(turn) }
        for (index, connection) in known.enumerated() {
            connection.ready(
                client: events[2 * index + 2].revents,
                server: events[2 * index + 3].revents,
                &self.buffer,
                turn
            )
        }
        for connection in self.connections { connection.work(turn) }
        self.connections.removeAll { $0.isOver }
        let due = self.connections.map { $0.due(turn.conditions) } + [change, self.acceptAgain]
        self.setAlarm(due.compactMap { $0 }.min())
    }

    /// The waker's events, the listener's, and two for each connection.
    private func wait() -> [pollfd] {
        let conditions = self.shared.conditions
        let accepts = self.acceptAgain == nil && !self.listener.isFull
        let listener = accepts ? self.listener.descriptor ?? -1 : -1
        var events = [self.shared.waker.readEnd, listener].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        for connection in self.connections { events += connection.interest(conditions) }
        if poll(&events, nfds_t(events.count), -1) < 0 {
            for index in events.indices { events[index].revents = 0 }
        }
        return events
    }

    /// Listens or does not, as the conditions say; returns when that changes by itself.
    private func network(_ turn: Turn) -> Duration? {
        if self.flap?.flap != turn.conditions.flap { self.flap = turn.conditions.flap.map { ($0, turn.now) } }
        var isDown = false
        var change: Duration?
        if let (flap, began) = self.flap {
            let period = flap.up + flap.down
            let elapsed = turn.now - began
            var cycle = began + period * Int(elapsed / period)
            if turn.now - cycle >= period { cycle += period }
            isDown = turn.now - cycle >= flap.up
            change = cycle + (isDown ? period : flap.up)
        }
        if isDown || turn.conditions.refusesConnections {
            self.listener.refuse()
        } else {
            self.listener.open(isFull: turn.conditions.ignoresConnections)
        }
        if isDown {
            for connection in self.connections { connection.act(.cut(.reset), turn) }
        }
        return change
    }

    private func accept(_ turn: Turn) {
        self.acceptAgain = nil
        while true {
            let (client, isExhausted) = self.listener.accept()
            guard let client else {
                if isExhausted { self.acceptAgain = turn.now + .milliseconds(100) }
                return
            }
            self.lastNumber += 1
            let session = self.tls?.session(turn.conditions.tls)
            let connection = ProxyConnection(
                self.lastNumber,
                ProxyClient(client, session),
                to: self.upstream,
                self.shared,
                turn
            )
            // Nothing in clear where there is to be TLS.
            let isRefused = self.tls != nil && session == nil
            if isRefused { connection.finish(by: .proxy, reset: true) } else { connection.begin(turn) }
            self.connections.append(connection)
        }
    }

    private func setAlarm(_ due: Duration?) {
        guard due != self.alarm?.due else { return }
        self.alarm?.task.cancel()
        self.alarm = due.map { due in
            let shared = self.shared
            let task = Task {
                guard (try? await shared.clock.wait(due)) != nil else { return }
                shared.waker.wake()
            }
            return (due, task)
        }
    }
}
