// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Subscriptions that the server is never silent about for long: one whose server has forgotten it is found by that.
extension SubscriptionEngine {
    mutating func speaks(_ id: SubscriptionID, every longest: Duration, on epoch: Epoch) {
        guard let stream = self.streams[id], stream.home == epoch else { return }
        self.streams[id]?.lastHeard = self.now
        self.streams[id]?.speaksEvery = longest
        if stream.speaksEvery == nil { self.actions.append(.start(.silenceOf(id), longest)) }
    }

    /// It is subscribed nowhere now.
    mutating func expectSilence(of id: SubscriptionID) {
        guard self.streams[id]?.speaksEvery != nil else { return }
        self.streams[id]?.speaksEvery = nil
        self.actions.append(.stop(.silenceOf(id)))
    }

    mutating func heardNothing(of id: SubscriptionID) {
        guard let stream = self.streams[id], let longest = stream.speaksEvery, let home = stream.home else { return }
        let quiet = self.now - stream.lastHeard
        guard quiet >= longest, self.full.isEmpty else {
            return self.actions.append(.start(.silenceOf(id), max(longest - quiet, .seconds(1))))
        }
        let error = FreshetError(
            .timeout(.keepAlive),
            "the server was silent about the subscription for longer than it said: \(longest)"
        )
        self.interrupted(id, error, after: .zero, on: home)
    }
}
