// SPDX-License-Identifier: Apache-2.0

/// What the connection behind the feeds is doing.
public enum ConnectionState: Sendable, Hashable {
    /// Nobody listens, so there is no connection.
    case idle
    /// Connecting; `attempt` counts from 1 and starts again after a healthy time.
    case connecting(attempt: Int)
    /// Connected and acknowledged.
    case live
    /// Connected, but so many subscriptions could not be made again yet; they are tried again with a backoff.
    case degraded(subscriptions: Int)
    /// Waiting before the next attempt, because of the error.
    case waiting(delay: Duration, attempt: Int, error: FreshetError)
    /// There is no WebSocket to be had, because of the error: feeds with a snapshot function live by asking that, and others
    /// wait, until the next attempt after the delay and beyond.
    case polling(delay: Duration, attempt: Int, error: FreshetError)
    /// The server refused the credentials, and those that were asked for then: waiting for new ones.
    case needsCredentials(FreshetError)
    /// Disconnected because the app or the machine is suspended.
    case suspended
    /// Saying goodbye: the last feed has ended, or the client was closed.
    case closing
    /// Gave up, and every feed with it. The next subscription begins again.
    case failed(FreshetError)
}
