// SPDX-License-Identifier: Apache-2.0

/// Ending on our side: because nobody listens any more, because the app sleeps, or for good.
extension ConnectionMachine {
    /// The one way out on our side. A socket is closed first; its end then finishes the rest.
    mutating func leave(forGood: Bool, at now: Duration) -> [Action] {
        let old = self.state
        let successor = self.dropSuccessor()
        switch old {
        case .idle, .suspended:
            if forGood { self.state = .closed(nil) }
            return []
        case .waiting, .parked:
            return [.stop(.retry, self.lastEpoch)] + self.rest(forGood: forGood)
        case .connecting(let attempt) where attempt.phase == .credentials:
            return [.stop(.credentials, attempt.epoch), .dropCredentials(attempt.epoch)] + self.rest(forGood: forGood)
        case .connecting(let attempt):
            return self.closeSocket(attempt.epoch, [.stop(.acknowledge, attempt.epoch)], forGood)
        case .live(let live):
            self.forgetFailuresIfProven(live, at: now)
            let stops: [Action] = [.stop(.linger, live.epoch), .stop(.rotate, live.epoch)]
            return self.closeSocket(live.epoch, stops + successor, forGood)
        case .closing(let epoch):
            if forGood { self.state = .closed(epoch) }
            return []
        case .closed:
            return []
        }
    }

    /// Whoever the connection was made for is gone: it is closed, and every feed ends. What comes next asks for credentials anew.
    mutating func signedOut(_ error: FreshetError, at now: Duration) -> [Action] {
        if case .closed = self.state { return [] }
        let left = self.leave(forGood: false, at: now)
        return self.wanted ? left + self.fail(error) : left
    }

    /// Every feed ends; the next one begins anew.
    mutating func fail(_ error: FreshetError) -> [Action] {
        self.failures = 0
        self.refreshed = false
        self.forgetLoss()
        self.everReady = false
        return [.report(.failed(error)), .fail(error)]
    }

    private mutating func closeSocket(_ epoch: Epoch, _ stops: [Action], _ forGood: Bool) -> [Action] {
        self.state = forGood ? .closed(epoch) : .closing(epoch)
        return stops + [.lost(epoch), .report(.closing), .closeSocket(epoch)]
    }

    /// Without a socket there is nothing to wait for.
    private mutating func rest(forGood: Bool) -> [Action] {
        self.state = forGood ? .closed(nil) : self.suspended ? .suspended : .idle
        return [.report(self.suspended && !forGood ? .suspended : .idle)]
    }

    /// A connection that we closed is gone.
    mutating func closed(at now: Duration) -> [Action] {
        if self.suspended {
            self.state = .suspended
            return [.report(.suspended)]
        }
        self.state = .idle
        return [.report(.idle)] + (self.isWanted ? self.dial() : [])
    }
}
