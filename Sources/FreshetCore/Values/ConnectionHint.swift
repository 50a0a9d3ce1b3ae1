// SPDX-License-Identifier: Apache-2.0

/// What an app, or its system, knows of the network or of itself.
public enum ConnectionHint: Sendable, Hashable, CaseIterable {
    /// There is a way to the network again, or another one: an attempt that waits is made at once, and a live
    /// connection is asked whether it still is.
    case networkChanged
    /// The app goes to sleep: the connection is closed in an orderly way, and not made again before ``resume``.
    case suspend
    /// The app is awake again.
    case resume
    /// There are new credentials: a connection that waits for them is made.
    case credentialsChanged
}
