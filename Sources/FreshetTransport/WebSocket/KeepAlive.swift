// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// When to ask whether the other side is still there, and when to believe that it is not. Any byte is an answer.
///
/// It reads no clock: the time comes in with each event.
package struct KeepAlive: Sendable {
    package enum Action: Sendable, Equatable {
        case ping
        /// Fire at this time.
        case fire(at: ContinuousClock.Instant)
        case fail(FreshetError)
    }

    /// A timer that is later than this was held up: the process was stopped, or the machine slept.
    package static let heldUp: Duration = .seconds(2)

    /// How long the loop has to read what is there already, before the verdict.
    package static let lastLook: Duration = .milliseconds(1)

    private let idle: Duration
    private let pong: Duration
    private var lastHeard: ContinuousClock.Instant
    private var pinged: ContinuousClock.Instant?
    private var due: ContinuousClock.Instant
    private var reading = true
    /// Whether the time is up, and only what the kernel may still hold is waited for.
    private var isLastLook = false

    /// - Parameters:
    ///   - idle: silence after which to ping.
    ///   - pong: silence after a ping after which the connection is dead.
    ///   - now: the time of the last byte.
    package init(idle: Duration, pong: Duration, now: ContinuousClock.Instant) {
        self.idle = idle
        self.pong = pong
        self.lastHeard = now
        self.due = now + idle
    }

    package mutating func start() -> [Action] { [.fire(at: self.due)] }

    package mutating func heard(at now: ContinuousClock.Instant) {
        self.lastHeard = now
    }

    /// Reading was paused on our side, or goes on: while it is paused, silence means nothing.
    package mutating func reading(_ on: Bool, at now: ContinuousClock.Instant) {
        self.reading = on
        self.lastHeard = now
        self.pinged = nil
    }

    package mutating func fired(at now: ContinuousClock.Instant) -> [Action] {
        guard self.reading else { return self.wait(self.idle, from: now) }
        // While we were held up nobody read, so silence means nothing; but much may have happened: ask at once.
        if now - self.due > Self.heldUp { return self.ask(at: now) }
        guard let pinged = self.pinged else {
            let quiet = now - self.lastHeard
            return quiet >= self.idle ? self.ask(at: now) : self.wait(self.idle - quiet, from: now)
        }
        if self.lastHeard > pinged {
            self.pinged = nil
            return self.wait(max(self.idle - (now - self.lastHeard), .zero), from: now)
        }
        // The loop runs timers before it reads: if it was busy, an answer may have been here in time. It reads between two timers.
        guard self.isLastLook else {
            self.isLastLook = true
            return self.wait(Self.lastLook, from: now)
        }
        let silence = now - self.lastHeard
        return [
            .fail(
                FreshetError(
                    .timeout(.keepAlive),
                    "nothing was heard from the server for \(silence.components.seconds) seconds"
                )
            )
        ]
    }

    /// The machine woke up from sleep.
    package mutating func woke(at now: ContinuousClock.Instant) -> [Action] {
        self.reading ? self.ask(at: now) : []
    }

    private mutating func ask(at now: ContinuousClock.Instant) -> [Action] {
        self.pinged = now
        self.isLastLook = false
        return [.ping] + self.wait(self.pong, from: now)
    }

    private mutating func wait(_ time: Duration, from now: ContinuousClock.Instant) -> [Action] {
        self.due = now + time
        return [.fire(at: self.due)]
    }
}
