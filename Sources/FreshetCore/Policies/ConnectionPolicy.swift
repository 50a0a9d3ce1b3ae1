// SPDX-License-Identifier: Apache-2.0

/// How a connection lives: when to begin, how long to wait for what, when to try again, when to end.
public struct ConnectionPolicy: Sendable {
    /// The waits between attempts to connect.
    public var backoff = Backoff()

    /// The waits between attempts to subscribe, or to fetch a snapshot, on a connection that is well: a ladder of its own
    /// for each subscription.
    public var subscriptionBackoff = Backoff()

    /// How many attempts may fail one after another before every feed fails; nil: no limit.
    public var attempts: Int?

    /// After living so long the backoff begins again. Not at connect: a server that accepts and drops must not be asked
    /// ever faster.
    public var healthy: Duration = .seconds(30)

    /// How long the source's handshake may take, such as `connection_ack`.
    public var acknowledge: Duration = .seconds(10)

    /// How long the provider of credentials may take.
    public var credentials: Duration = .seconds(10)

    /// Connect before the first subscription, and stay connected without one.
    public var eager = false

    /// How long to stay connected after the last subscription.
    public var linger: Duration = .zero

    /// Whether the very first connection is retried too. By default it fails at once and loudly, since a wrong URL should
    /// not be tried for ever.
    public var waitsForFirstConnection = false

    /// What the end of a connection means.
    public var close = ClosePolicy()

    /// When feeds that have a snapshot function live by asking that instead, because there is no WebSocket to be had; nil:
    /// never.
    public var fallback: FallbackPolicy? = FallbackPolicy()

    /// How long two connections may overlap while credentials are replaced, before the old one is closed in any case.
    public var overlap: Duration = .seconds(5)

    /// How subscriptions are sent after a connection has come about.
    public var pace = SubscriptionPace()

    /// Makes a policy with the defaults.
    public init() {}

    /// How long before their expiry credentials are replaced: a quarter of their life, a minute at most.
    package func margin(of lifetime: Duration) -> Duration { min(lifetime / 4, .seconds(60)) }
}
