// SPDX-License-Identifier: Apache-2.0

/// How long a request may take.
public struct HTTPTimeouts: Sendable, Hashable {
    /// Finding the host, reaching it, TLS, all together: 10 s.
    public var connect: Duration
    /// Silence of the server while its answer is waited for, or comes: 60 s. Nil: for ever, as for a watch.
    public var receive: Duration?
    /// All of it, with the body: no limit, unless it is set.
    public var total: Duration?

    /// Makes timeouts.
    ///
    /// - Parameters:
    ///   - connect: finding the host, reaching it, TLS, all together.
    ///   - receive: silence of the server while its answer is waited for, or comes; nil: for ever.
    ///   - total: all of it, with the body.
    public init(connect: Duration = .seconds(10), receive: Duration? = .seconds(60), total: Duration? = nil) {
        self.connect = connect
        self.receive = receive
        self.total = total
    }
}
