// SPDX-License-Identifier: Apache-2.0

/// What the connection behind the feeds is doing.
public enum ConnectionState: Sendable, Hashable {
    /// Nobody listens, so there is no connection.
    case idle
    /// Connecting; `attempt` counts from 1 and starts again after a healthy time.
    case connecting(attempt: Int)
    /// Connected and acknowledged.
    case live
    /// Waiting before the next attempt, because of the error.
    case waiting(delay: Duration, attempt: Int, error: FreshetError)
    /// Saying goodbye: the last feed has ended, or the client was closed.
    case closing
}
