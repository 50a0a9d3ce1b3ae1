// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Streams that live by asking their snapshot function, while there is no WebSocket to be had.
///
/// In the feed: a gap that says so, the snapshot, then each one that differs. When the WebSocket is there, the subscription takes
/// over as at the beginning, but without a gap, and with a snapshot only if it differs from the last one polled.
extension SubscriptionEngine {
    struct Polling {
        let reason: FreshetError
        /// Whether the first polls are to find out if it is worth while: nothing is said before one has succeeded.
        var isTrial: Bool
    }

    /// For the machine, which must know whether anybody can do without the WebSocket.
    mutating func beganPollable(_ id: SubscriptionID) {
        guard self.streams[id]?.isPollable == true else { return }
        self.pollable += 1
        if self.polling != nil { self.beginPolling(id) } else if self.pollable == 1 { self.drive(.pollable(true)) }
    }

    mutating func endedPollable() {
        self.pollable -= 1
        // In the end everybody ends, and for another reason.
        if self.pollable == 0, !self.isClosed { self.drive(.pollable(false)) }
    }

    mutating func startPolling(because error: FreshetError, isTrial: Bool) {
        self.polling = Polling(reason: error, isTrial: isTrial)
        for id in self.streams.keys.sorted() where self.streams[id]?.isPollable == true { self.beginPolling(id) }
    }

    private mutating func beginPolling(_ id: SubscriptionID) {
        guard let polling = self.polling, let fallback = self.policy.fallback else { return }
        var poll = PollMachine(fallback.pace)
        let actions = poll.begin()
        self.streams[id]?.poll = poll
        if !polling.isTrial { self.tellOfPolling(id) }
        self.perform(actions, of: id)
    }

    /// The gap that says so, together with what was lost and not told yet.
    private mutating func tellOfPolling(_ id: SubscriptionID) {
        guard var stream = self.streams[id], let polling = self.polling, let fallback = self.policy.fallback,
            !stream.isToldOfPolling
        else { return }
        var gap = Gap(
            cause: .polling,
            reason: "no WebSocket (\(polling.reason.message)): asked every \(fallback.interval) instead; "
                + "what comes and goes between two polls is not seen",
            outage: .zero
        )
        if stream.lostAt != nil { gap = stream.takeGap(at: self.now).merged(with: gap) }
        stream.isToldOfPolling = true
        stream.continuity.bridged()
        self.streams[id] = stream
        self.deliver([.rest(.gap(gap))], of: id)
    }

    /// The WebSocket is there, or nobody wants anything for now.
    mutating func stopPolling(subscriptionsFollow: Bool) {
        self.polling = nil
        for id in self.streams.keys.sorted() {
            guard var stream = self.streams[id], let poll = stream.poll else { continue }
            self.stopAsking(id, poll)
            stream.poll?.end()
            if !subscriptionsFollow {
                stream.poll = nil
                if stream.isToldOfPolling {
                    stream.continuity.bridgeEnded()
                    (stream.lostAt, stream.lostBecause) = (self.now, "")
                }
            }
            stream.isToldOfPolling = false
            self.streams[id] = stream
        }
    }

    mutating func stopAsking(_ id: SubscriptionID, _ poll: PollMachine) {
        self.actions += [.cancelFetch(id), .stop(.nextPoll(id)), .stop(.poll(id, poll.number))]
    }

    // MARK: - Polls

    mutating func pollAgain(_ id: SubscriptionID) {
        guard let stream = self.streams[id] else { return }
        let isFull = stream.consumers.contains { self.full.contains($0) }
        let jitter = self.jitter
        if let actions = self.streams[id]?.poll?.due(isFull: isFull, jitter: jitter) { self.perform(actions, of: id) }
    }

    mutating func pollTimedOut(_ id: SubscriptionID, _ number: Int) {
        guard self.streams[id]?.poll?.isAsking(number) == true else { return }
        self.actions.append(.cancelFetch(id))
        self.polled(id, number, .failure(self.snapshotTimeout(of: id)))
    }

    mutating func polled(_ id: SubscriptionID, _ number: Int, _ result: Result<Fetched, FreshetError>) {
        guard let stream = self.streams[id], let polling = self.polling, stream.poll?.isAsking(number) == true else {
            return
        }
        self.actions.append(.stop(.poll(id, number)))
        if case .failure = result, !stream.isToldOfPolling { return self.trialFailed(id, polling.reason) }
        let (policy, jitter) = (self.policy.close, self.jitter)
        let actions = self.streams[id]?.poll?.answered(number, result, by: policy, jitter: jitter) ?? []
        if self.streams[id]?.poll?.hasResult == true {
            self.polling?.isTrial = false
            self.tellOfPolling(id)
            let position = self.streams[id]?.poll?.position
            self.streams[id]?.continuity.bridged(to: position)
            self.drive(.polled)
        }
        self.perform(actions, of: id)
    }

    /// Neither the WebSocket nor the snapshot is to be had: as without any polling.
    private mutating func trialFailed(_ id: SubscriptionID, _ error: FreshetError) {
        let isLast = self.streams.values.count { $0.poll != nil } == 1
        if isLast, self.machine.isOnTrial { self.drive(.pollFailed) } else { self.end(id, .failed(error)) }
    }

    private mutating func perform(_ actions: [PollMachine.Action], of id: SubscriptionID) {
        for action in actions {
            switch action {
            case .ask(let number, let validator):
                guard let consumer = self.streams[id]?.consumers.first else { continue }
                let request = SnapshotRequest(validator: validator, overSocket: false)
                self.actions += [
                    .poll(id, number, request, for: consumer), .start(.poll(id, number), self.fetchDeadline(of: id)),
                ]
            case .wait(let delay): self.actions.append(.start(.nextPoll(id), delay))
            case .deliver(let items): self.deliver(items.map { .rest($0) }, of: id)
            case .fail(let error): self.end(id, .failed(error))
            }
        }
    }

    /// What was fetched beside a subscription, but for what was handed out by polling already; nil when it makes no sense.
    func withoutWhatWasPolled(_ fetched: Fetched, of id: SubscriptionID) -> Fetched? {
        guard let poll = self.streams[id]?.poll, poll.hasResult else {
            return fetched.kind == .unchanged ? nil : fetched
        }
        return poll.withoutRepetition(fetched)
    }
}
