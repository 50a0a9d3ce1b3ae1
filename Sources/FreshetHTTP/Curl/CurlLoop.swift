// SPDX-License-Identifier: Apache-2.0

import CFreshetHTTP
import FreshetCore
import FreshetTransport

/// The thread that libcurl lives on: it takes commands, moves bytes, and hands out what has come, once a turn.
///
/// Everything that a turn brings for one transfer is handed out in one piece: a small answer costs its reader one wake-up.
// Proof for @unchecked: `pool` and what is below "On the thread" are touched by that thread alone, but for the wake-up, which
// is made under the lock and only while `isRunning`, so never during or after the pool's end.
@safe
final class CurlLoop: @unchecked Sendable {
    private enum Command {
        case begin(CurlTransfer)
        case cancel(CurlTransfer)
        case resumeReceiving(CurlTransfer)
        case resumeSending(CurlTransfer)
    }

    private struct Inbox {
        var commands: [Command] = []
        var isRunning = false
        var isSleeping = false
        var isStopping = false
    }

    private let inbox = Locked(Inbox())
    private let connectionsPerOrigin: Int
    private var pool: OpaquePointer?

    // On the thread
    private var active: [ObjectIdentifier: CurlTransfer] = [:]
    private var touched: [CurlTransfer] = []
    private var nextDeadline: ContinuousClock.Instant?
    /// When this turn began. Nothing of it takes so long that the clock has to be asked for every line of a head.
    private(set) var now = ContinuousClock.now

    init(connectionsPerOrigin: Int) {
        self.connectionsPerOrigin = connectionsPerOrigin
    }

    // MARK: - From anywhere

    func begin(_ transfer: CurlTransfer) { self.post(.begin(transfer)) }
    func cancel(_ transfer: CurlTransfer) { self.post(.cancel(transfer)) }
    func resumeReceiving(_ transfer: CurlTransfer) { self.post(.resumeReceiving(transfer)) }
    func resumeSending(_ transfer: CurlTransfer) { self.post(.resumeSending(transfer)) }

    /// Ends the thread when its last transfer is over.
    func stop() {
        self.inbox.withLock { inbox in
            inbox.isStopping = true
            self.wake(&inbox)
        }
    }

    private func post(_ command: Command) {
        let mustStart = self.inbox.withLock { inbox in
            inbox.commands.append(command)
            self.wake(&inbox)
            defer { inbox.isRunning = true }
            return !inbox.isRunning
        }
        if mustStart { Thread.start { self.run() } }
    }

    private func wake(_ inbox: inout Inbox) {
        guard inbox.isSleeping, let pool = unsafe self.pool else { return }
        inbox.isSleeping = false
        unsafe freshet_http_wake(pool)
    }

    // MARK: - On the thread

    private func run() {
        let handlers = unsafe freshet_http_handlers(
            requested: { owner in unsafe CurlTransfer.of(owner).requested() },
            header: { owner, line, size in
                unsafe CurlTransfer.of(owner).received(header: UnsafeRawBufferPointer(start: line, count: size))
            },
            body: { owner, bytes, size, pause in
                unsafe CurlTransfer.of(owner).received(
                    body: UnsafeRawBufferPointer(start: bytes, count: size),
                    pause: &pause.pointee
                )
            },
            upload: { owner, buffer, capacity, pause in
                unsafe CurlTransfer.of(owner).fill(
                    UnsafeMutableRawBufferPointer(start: buffer, count: capacity),
                    pause: &pause.pointee
                )
            },
            done: { owner, result in unsafe CurlTransfer.of(owner).ended(CurlEnd(result)) }
        )
        guard let pool = unsafe freshet_http_create(handlers, self.connectionsPerOrigin) else {
            return self.refuseAll()
        }
        unsafe self.pool = pool
        while let commands = self.commands() {
            self.now = .now
            for command in commands { unsafe self.perform(command, pool) }
            unsafe freshet_http_perform(pool)
            self.handOut()
            self.expire()
            if self.mayWait { unsafe freshet_http_wait(pool, self.patience) }
        }
        unsafe freshet_http_destroy(pool)
    }

    /// What is to be done; nil at the end.
    private func commands() -> [Command]? {
        self.inbox.withLock { inbox in
            inbox.isSleeping = false
            // A transfer under way keeps the thread; nobody can begin another one any more.
            if inbox.isStopping, inbox.commands.isEmpty, self.active.isEmpty {
                unsafe self.pool = nil
                return nil
            }
            defer { inbox.commands = [] }
            return inbox.commands
        }
    }

    private var mayWait: Bool {
        self.inbox.withLock { inbox in
            inbox.isSleeping = inbox.commands.isEmpty && !(inbox.isStopping && self.active.isEmpty)
            return inbox.isSleeping
        }
    }

    private func perform(_ command: Command, _ pool: OpaquePointer) {
        switch command {
        case .begin(let transfer):
            self.active[ObjectIdentifier(transfer)] = transfer
            unsafe transfer.begin(on: pool, of: self)
            self.watch(transfer)
        case .cancel(let transfer):
            guard self.active.removeValue(forKey: ObjectIdentifier(transfer)) != nil else { return }
            transfer.cancel()
        case .resumeReceiving(let transfer):
            transfer.resumeReceiving()
            self.watch(transfer)
        case .resumeSending(let transfer):
            transfer.resumeSending()
            self.watch(transfer)
        }
    }

    /// Its deadline may be the next one.
    private func watch(_ transfer: CurlTransfer) {
        guard let deadline = transfer.deadline else { return }
        self.nextDeadline = min(self.nextDeadline ?? deadline, deadline)
    }

    /// Something came for this transfer in this turn.
    func touch(_ transfer: CurlTransfer) { self.touched.append(transfer) }

    private func handOut() {
        while !self.touched.isEmpty {
            let touched = self.touched
            self.touched = []
            for transfer in touched {
                if transfer.handOut() {
                    self.active[ObjectIdentifier(transfer)] = nil
                } else {
                    self.watch(transfer)
                }
            }
        }
    }

    /// Ends what the server was silent for too long about. Looked at no more often than a deadline can pass: what comes
    /// meanwhile only moves them on.
    private func expire() {
        guard let next = self.nextDeadline, next <= self.now else { return }
        for transfer in self.active.values where transfer.deadline.map({ $0 <= self.now }) ?? false {
            transfer.expire()
        }
        self.handOut()
        self.nextDeadline = self.active.values.compactMap(\.deadline).min()
    }

    /// Milliseconds to wait for something at most. libcurl's own timers end it too.
    private var patience: Int32 {
        guard let next = self.nextDeadline else { return 60_000 }
        let left = (next - self.now) / .milliseconds(1)
        return Int32(min(max(left.rounded(.up), 0), 60_000))
    }

    private func refuseAll() {
        let commands = self.inbox.withLock { inbox in
            defer { inbox.commands = [] }
            inbox.isRunning = false
            return inbox.commands
        }
        for case .begin(let transfer) in commands {
            transfer.refuse(FreshetError(.unreachable, "libcurl has no memory or no file descriptors left"))
        }
    }
}
