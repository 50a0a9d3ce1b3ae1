// SPDX-License-Identifier: Apache-2.0

/// Replacing a connection before its credentials expire, make before break: the successor is dialled, acknowledged and
/// subscribed beside the live connection, and only then is the old one closed.
extension ConnectionMachine {
    /// Sets the time for it, where the credentials have an end.
    func planRotation(_ attempt: Attempt, at now: Duration) -> [Action] {
        guard let expiry = attempt.expiry else { return [] }
        let margin = self.policy.margin(of: expiry - attempt.had)
        return [.start(.rotate, max(expiry - margin - now, .zero), attempt.epoch)]
    }

    mutating func rotate() -> [Action] {
        guard self.successor == nil else { return [] }
        // Newer ones that an attempt before this one could not use are good still: they are not renewed once more.
        let (attempt, actions) = self.attempt(self.hasNewer ? .connecting : .expiring)
        self.successor = attempt
        return actions
    }

    /// Every subscription is live on the successor: it is the connection now.
    mutating func handedOver(_ epoch: Epoch, at now: Duration) -> [Action] {
        guard case .live(let old) = self.state, let attempt = self.successor, attempt.epoch == epoch, self.overlapping
        else { return [] }
        // One connection to whoever asks for its health: nothing broke between them.
        self.takeOver(attempt, since: old.since)
        return [.stop(.overlap, epoch), .stop(.linger, old.epoch), .closeSocket(old.epoch)]
            + self.planRotation(attempt, at: now) + self.lingerIfUnwanted(epoch)
    }

    private mutating func takeOver(_ attempt: Attempt, since: Duration) {
        self.state = .live(Live(epoch: attempt.epoch, since: since, expiry: attempt.expiry))
        self.successor = nil
        self.overlapping = false
        self.rotationFailures = 0
        self.refreshed = false
        self.askedForOthers = false
        self.hasNewer = false
    }

    /// The live connection has ended while its successor is there already; nil when there is none.
    mutating func promoteSuccessor(insteadOf epoch: Epoch, because end: ConnectionEnd, at now: Duration) -> [Action]? {
        guard let attempt = self.successor else { return nil }
        if self.overlapping {
            self.takeOver(attempt, since: now)
            return [
                .stop(.overlap, attempt.epoch),
                .forceHandOver(to: attempt.epoch, outage: .zero, reason: end.feedError.message),
            ] + self.planRotation(attempt, at: now)
        }
        self.noteLoss(end.feedError, at: now)
        self.successor = nil
        self.state = .connecting(attempt)
        return [.lost(epoch), .report(.connecting(attempt: self.failures + 1))]
    }

    /// - Parameters:
    ///   - epoch: the successor's.
    ///   - isRefused: whether the server did not want its credentials.
    ///   - jitter: in 0..<1.
    /// - Returns: when the next one is tried.
    mutating func successorEnded(_ epoch: Epoch, isRefused: Bool, jitter: Double) -> [Action] {
        guard case .live(let live) = self.state, let attempt = self.successor, attempt.epoch == epoch else { return [] }
        let timer: Timer = attempt.phase == .credentials ? .credentials : .acknowledge
        let cancelled: [Action] = self.overlapping ? [.stop(.overlap, epoch), .cancelHandOver(epoch)] : []
        self.successor = nil
        self.overlapping = false
        self.rotationFailures += 1
        if isRefused { self.hasNewer = false }
        let delay = self.policy.backoff.delay(attempt: self.rotationFailures, jitter: jitter)
        return [.stop(timer, epoch)] + cancelled + [.start(.rotate, delay, live.epoch)]
    }

    /// Closes it, whatever stage it is in.
    mutating func dropSuccessor() -> [Action] {
        guard let attempt = self.successor else { return [] }
        defer {
            self.successor = nil
            self.overlapping = false
        }
        switch attempt.phase {
        case .credentials: return [.stop(.credentials, attempt.epoch), .dropCredentials(attempt.epoch)]
        case .dialing: return [.closeSocket(attempt.epoch)]
        case .acknowledging:
            return [.stop(.acknowledge, attempt.epoch), .stop(.overlap, attempt.epoch)]
                + (self.overlapping ? [.cancelHandOver(attempt.epoch)] : []) + [.closeSocket(attempt.epoch)]
        }
    }
}
