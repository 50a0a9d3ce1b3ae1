// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetCore
import FreshetTestSupport
import FreshetTransport

/// Connects to servers that misbehave at every stage, and leaves at every stage, by chance that comes again with its seed.
struct Churn: Sendable {
    /// What the other side does, of `Servers/faults.py`.
    static let behaviours = [
        "nobody", "accept-hang", "accept-reset", "accept-close", "accept-nonsense", "hello-close", "hello-reset",
        "request-hang", "request-close", "request-reset", "refuse", "wrong-accept", "open-read", "open-deaf",
        "open-orderly", "open-truncated", "open-notified", "open-reset", "open-half", "open-flood", "flood-reset",
        "open-alert",
    ]

    /// What must have happened at least once in a run.
    static let outcomes = [
        "opened", "orderly", "cancelled", "unreachable", "refused", "protocolViolation", "tls", "closed(code: 1006)",
        "timeout tls", "timeout upgrade", "timeout keepAlive", "suspended sender",
    ]

    /// What we do.
    private enum Leaving: CaseIterable {
        case never, cancelled, droppedWhenOpen, closedWhenOpen, sending
    }

    let loop = EventLoop()
    /// The behaviours' URLs.
    private let plain: [String: String]
    private let secure: [String: String]
    private let authority: String
    private let seed: UInt64

    init(plain: [String: String], secure: [String: String], authority: String, seed: UInt64) {
        self.plain = plain
        self.secure = secure
        self.authority = authority
        self.seed = seed
    }

    /// One connection of each kind, so that what lives as long as the loop is there.
    func warmUp() async {
        for urls in [self.plain, self.secure] { _ = await self.visit(urls, "open-orderly", .never, turns: 0) }
    }

    /// `count` connections, `width` of them at a time.
    func run(count: Int, at width: Int) async -> ChurnReport {
        await withTaskGroup(of: ChurnReport.self) { group in
            for worker in 0..<width {
                group.addTask {
                    var report = ChurnReport()
                    for number in stride(from: worker, to: count, by: width) {
                        report.add(await self.connection(number))
                    }
                    return report
                }
            }
            return await group.reduce(into: ChurnReport()) { $0.add($1) }
        }
    }

    private func connection(_ number: Int) async -> ChurnReport {
        var random = SeededRandom(self.seed &+ UInt64(number) &* 7919)
        let urls = number % 2 == 0 ? self.plain : self.secure
        let behaviour = Self.behaviours.randomElement(using: &random) ?? ""
        let leaving = Leaving.allCases.randomElement(using: &random) ?? .never
        // A connection takes about as many turns of the loop as this; most stages are soon over.
        let turns = Int.random(in: 0...Int.random(in: 0...60, using: &random), using: &random)
        return number % 4 < 2
            ? await self.visit(urls, behaviour, leaving, turns: turns)
            : await self.visitBeneath(urls, behaviour, leaving, turns: turns)
    }

    private func configuration(_ behaviour: String) -> WebSocketConfiguration {
        var configuration = WebSocketConfiguration(compression: .off)
        configuration.tls.authorities = .file(self.authority)
        let isMute = behaviour.hasSuffix("hang") || behaviour == "accept-nonsense"
        configuration.deadline = isMute ? .milliseconds(500) : .seconds(20)
        configuration.pingInterval = .milliseconds(200)
        configuration.pongDeadline = .milliseconds(200)
        return configuration
    }

    // MARK: - The public WebSocket

    private func visit(
        _ urls: [String: String],
        _ behaviour: String,
        _ leaving: Leaving,
        turns: Int
    ) async -> ChurnReport {
        let task = Task {
            var report = ChurnReport()
            do throws(FreshetError) {
                try await self.converse(urls[behaviour] ?? "", behaviour, leaving, &report)
            } catch {
                report.note(error)
            }
            report.ends += 1
            return report
        }
        if leaving == .cancelled || leaving == .sending {
            // A sender is to have filled its queue first.
            for _ in 0..<(leaving == .sending ? turns + 30 : turns) { await self.turn() }
            task.cancel()
        }
        return await task.value
    }

    private func converse(
        _ url: String,
        _ behaviour: String,
        _ leaving: Leaving,
        _ report: inout ChurnReport
    ) async throws(FreshetError) {
        let socket = try await WebSocket.connect(to: url, configuration: self.configuration(behaviour), loop: self.loop)
        report.note("opened")
        switch leaving {
        case .never, .cancelled:
            var taken = 0
            var iterator = socket.makeAsyncIterator()
            while taken < 20, try await iterator.next() != nil { taken += 1 }
            if taken < 20, !Task.isCancelled { report.note("orderly") }
        case .droppedWhenOpen: break
        case .closedWhenOpen: await socket.close(code: 4000)
        case .sending:
            // More than the kernel takes, so that somebody who does not read makes us wait.
            let message = [UInt8](repeating: 7, count: 128 << 10)
            do throws(FreshetError) {
                for _ in 0..<256 { try await socket.send(binary: message) }
            } catch {
                if error.kind == .cancelled { report.note("suspended sender") }
                throw error
            }
        }
    }

    // MARK: - Beneath it

    /// The same by the events of a connection, each of which is counted.
    private func visitBeneath(
        _ urls: [String: String],
        _ behaviour: String,
        _ leaving: Leaving,
        turns: Int
    ) async -> ChurnReport {
        let link = CountedLink(on: self.loop)
        guard let url = urls[behaviour], (try? await link.dial(url, self.configuration(behaviour))) != nil
        else { return ChurnReport() }
        let stays = leaving != .never && leaving != .cancelled ? await link.open() : false
        if !stays {
            for _ in 0..<turns { await self.turn() }
            if leaving == .cancelled || behaviour == "open-flood" { await link.abandon() }
        } else {
            if leaving == .sending { for _ in 0..<8 { await link.send(256 << 10) } }
            if turns % 2 == 0 { await link.pause() }
            for _ in 0..<turns { await self.turn() }
            if turns % 4 == 0 { await link.resume() }
            if leaving == .closedWhenOpen { await link.close() } else { await link.abandon() }
        }
        await link.end()
        // Whatever it might say after its end would come in the next turns.
        for _ in 0..<3 { await self.turn() }
        return await link.report
    }

    // MARK: - The loop and the kernel

    /// One turn of the loop.
    private func turn() async {
        await withCheckedContinuation { continuation in self.loop.execute { continuation.resume() } }
    }

    /// How many sockets are open. Foundation has other descriptors that come and go as it likes.
    static var openSockets: Int {
        (0..<4096 as Range<Int32>).count { descriptor in
            var status = stat()
            return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
        }
    }

    /// How many sockets are open, after as many turns as it takes to come to `count`, within reason.
    func openSockets(hopingFor count: Int) async -> Int {
        for _ in 0..<5000 where Self.openSockets != count { await self.turn() }
        return Self.openSockets
    }
}
