// SPDX-License-Identifier: Apache-2.0

/// How often a session may renew its credential, and for how long it waits.
public struct RefreshPolicy: Sendable, Hashable {
    /// How many renewals there may be within ``window``. More mean that the server refuses what it has just given: then
    /// calls fail with an error that says so, and nobody is asked.
    public var limit: Int

    /// The time in which they are counted.
    public var window: Duration

    /// How long one renewal may take.
    public var timeout: Duration

    /// Makes a policy.
    ///
    /// - Parameters:
    ///   - limit: how many renewals there may be within the window; one at least.
    ///   - window: the time in which they are counted.
    ///   - timeout: how long one renewal may take.
    public init(limit: Int = 5, window: Duration = .seconds(30), timeout: Duration = .seconds(30)) {
        self.limit = max(limit, 1)
        self.window = window
        self.timeout = timeout
    }
}
