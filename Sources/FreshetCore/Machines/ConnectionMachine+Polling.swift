// SPDX-License-Identifier: Apache-2.0

/// Living without the WebSocket: when feeds that have a snapshot function ask that instead, and when no more.
///
/// It is no state of its own: the WebSocket is waited for and dialled as always meanwhile.
extension ConnectionMachine {
    /// Whether anybody can do without the WebSocket.
    var canPoll: Bool { self.hasPollable && self.policy.fallback != nil }

    /// Whether it is being found out by one poll whether to live without the WebSocket.
    package var isOnTrial: Bool { self.trial != nil }

    mutating func startPolling(because error: FreshetError) -> [Action] {
        guard self.canPoll, !self.isPolling else { return [] }
        self.isPolling = true
        return [.poll(because: error, isTrial: false)]
    }

    mutating func stopPolling(subscriptionsFollow: Bool = false) -> [Action] {
        defer {
            self.isPolling = false
            self.trial = nil
        }
        return self.isPolling || self.trial != nil ? [.stopPolling(subscriptionsFollow: subscriptionsFollow)] : []
    }

    /// The first feed that can do without the WebSocket is there, or the last one is gone.
    mutating func became(pollable: Bool) -> [Action] {
        self.hasPollable = pollable
        if pollable {
            guard case .waiting = self.state, let pause = self.pause, pause.isBlocked else { return [] }
            let begun = self.startPolling(because: pause.error)
            return begun.isEmpty ? [] : begun + [self.reportPause()].compactMap { $0 }
        }
        if let trial = self.trial { return self.giveUp(trial) }
        let stopped = self.stopPolling()
        guard !stopped.isEmpty, case .waiting = self.state else { return stopped }
        return stopped + [self.reportPause()].compactMap { $0 }
    }

    /// The first poll of a trial has succeeded: the snapshot is to be had, so the address is no wrong one.
    mutating func polled(jitter: Double) -> [Action] {
        guard let error = self.trial else { return [] }
        self.trial = nil
        self.isPolling = true
        return self.pause(for: error, floor: .zero, isBlocked: true, jitter: jitter)
    }

    func reportPause() -> Action? {
        guard let pause = self.pause else { return nil }
        return .report(
            self.isPolling
                ? .polling(delay: pause.delay, attempt: self.failures, error: pause.error)
                : .waiting(delay: pause.delay, attempt: self.failures, error: pause.error)
        )
    }
}
