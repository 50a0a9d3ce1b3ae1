// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Somebody between the client and the server who lets no WebSocket through, while HTTP goes on.
extension SimulatedClient {
    func refuseUpgrades(status: Int, for time: Duration) {
        self.refusal = (status, self.clock.now + time)
        self.clock.after(time) { [unowned self] in self.expectAttempt() }
    }

    func allowUpgrades() {
        self.refusal = (0, .zero)
        self.expectAttempt()
    }

    /// The WebSocket is to be had again: within one step of the backoff it is tried.
    private func expectAttempt() {
        guard case .polling = self.state else { return }
        let attempts = self.attempts
        self.clock.after(self.longestWait) { [unowned self] in
            guard case .polling = self.state, self.attempts == attempts else { return }
            self.note("polling goes on without an attempt")
        }
    }

    func refusalOfUpgrade() -> FreshetError? {
        guard self.clock.now < self.refusal.until else { return nil }
        self.hasRefused = true
        let status = self.refusal.status
        let refusal = HTTPRefusal(status: status, retryAfter: nil, authenticate: nil, body: [])
        let kind: FreshetError.Kind = status == 403 ? .forbidden : .upgradeRefused(status: status)
        return FreshetError(kind, "HTTP \(status)", hint: nil, refusal: refusal)
    }
}
