// SPDX-License-Identifier: Apache-2.0

/// When it is tried again whether there is a WebSocket to be had: after 5 s, and then after twice as long each time, up to 60 s.
package struct ReturnPace: Sendable {
    private static let longest: Duration = .seconds(60)
    private var delay: Duration = .seconds(5)

    package init() {}

    /// The wait before the next attempt.
    ///
    /// - Parameter jitter: random in 0..<1; the wait is a fifth longer or shorter by it.
    /// - Returns: the wait.
    package mutating func next(jitter: Double) -> Duration {
        defer { self.delay = min(self.delay * 2, Self.longest) }
        return self.delay * (0.8 + 0.4 * jitter)
    }
}
