// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport

/// All that a seed decides beforehand; the rest comes from the same generator on the way.
struct Scenario {
    /// How a consumer's feed makes up for what it misses.
    enum Kind: CaseIterable {
        case live, cursor, numbered, snapshot, list

        /// What the server is asked. One that lists first is asked for what comes after exactly that.
        var query: String {
            switch self {
            case .live, .snapshot: "live"
            case .cursor: "cursor"
            case .numbered: "numbered"
            case .list: "after"
            }
        }
    }

    let topics: Int
    /// Until when there are faults, and until when the clients have time to recover.
    let faultsEnd: Duration
    let end: Duration
    /// Between two events of a topic, on average.
    let pace: Duration
    let policy: ConnectionPolicy
    /// How long a token is good for; nil: there are no credentials.
    let tokenLifetime: Duration?
    /// Faults in all.
    let faults: Int
    let consumers: Int
    let oneShots: Int
    /// The longest way of a message, one way.
    let latency: Duration
    /// Whether the server forgets the oldest events.
    let forgets: Bool
    /// Whether it sends the event at the cursor again.
    let isInclusive: Bool
    /// In one of so many numbered events the server repeats, swaps, leaves out or goes back; 0: never.
    let carelessness: Int

    init(_ random: inout SeededRandom) {
        self.topics = Int.random(in: 1...3, using: &random)
        self.faultsEnd = .milliseconds(Int.random(in: 2_000...30_000, using: &random))
        self.end = self.faultsEnd + .seconds(150)
        self.pace = .milliseconds([20, 100, 400, 3_000].randomElement(using: &random) ?? 100)
        self.tokenLifetime =
            Bool.random(using: &random) ? .milliseconds(Int.random(in: 1_500...20_000, using: &random)) : nil
        self.faults = Int.random(in: 0...12, using: &random)
        self.consumers = Int.random(in: 1...8, using: &random)
        self.oneShots = Int.random(in: 0...6, using: &random)
        self.latency = .milliseconds([0, 1, 20, 300].randomElement(using: &random) ?? 1)
        self.forgets = Int.random(in: 0..<5, using: &random) == 0
        self.isInclusive = Bool.random(using: &random)
        self.carelessness = [0, 0, 3, 10, 50].randomElement(using: &random) ?? 0
        var policy = ConnectionPolicy()
        policy.waitsForFirstConnection = true
        policy.backoff.cap = .seconds(Int.random(in: 1...10, using: &random))
        policy.subscriptionBackoff.cap = .seconds(5)
        policy.eager = Int.random(in: 0..<6, using: &random) == 0
        policy.linger = Bool.random(using: &random) ? .zero : .milliseconds(Int.random(in: 1...3_000, using: &random))
        policy.pace = SubscriptionPace(burst: Int.random(in: 1...8, using: &random), interval: .milliseconds(20))
        policy.fallback = FallbackPolicy(
            failures: Int.random(in: 1...4, using: &random),
            interval: .milliseconds(Int.random(in: 200...5_000, using: &random))
        )
        self.policy = policy
    }
}
