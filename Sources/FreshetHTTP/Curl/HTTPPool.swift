// SPDX-License-Identifier: Apache-2.0

import CFreshetHTTP
import FreshetCore
import FreshetTransport

/// Connections that are kept alive and used again, and the one thread that works on them.
///
/// Clients share ``shared`` unless they are given another. A pool goes away with its last client, when its last transfer is
/// over.
public final class HTTPPool: Sendable {
    /// The one of the process: 64 connections to one origin at most.
    public static let shared = HTTPPool()

    let loop: CurlLoop

    /// Makes a pool.
    ///
    /// - Parameter connectionsPerOrigin: how many connections to one scheme, host and port there may be; what is more
    ///   waits. Over HTTP/2 one is enough for a hundred requests at a time.
    public init(connectionsPerOrigin: Int = 64) {
        self.loop = CurlLoop(connectionsPerOrigin: max(connectionsPerOrigin, 1))
    }

    deinit { self.loop.stop() }
}
