// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetSoak

/// A client of a server that is soaked.
protocol SoakedClient: Sendable {
    associatedtype Client: FeedClient
    var client: Client { get }

    /// Reads a stream until it ends or the task is cancelled.
    ///
    /// - Parameters:
    ///   - kind: which of the client's streams.
    ///   - name: what the server's log calls it.
    ///   - position: where to go on; nil: as a new one.
    ///   - delivery: what happens when `take` is slow.
    ///   - take: is handed what comes.
    /// - Throws: why the stream cannot go on.
    func read(
        _ kind: StreamKind,
        name: String,
        from position: Position?,
        delivery: DeliveryPolicy,
        take: (Handed) async -> Void
    ) async throws(FreshetError)
}

extension SoakedClient {
    var connectionStates: AsyncStream<ConnectionState> { self.client.connectionStates }
    func hint(_ hint: ConnectionHint) { self.client.hint(hint) }
    func close() async { await self.client.close() }
}

/// A stream that every client of a server can read.
struct StreamKind: Sendable, Hashable {
    var name: String
    /// The source in the history.
    var source: String
    var promise: Continuity
    /// A stream that begins anew has everything after this place; nil: from now on.
    var after: Int?
    /// Whether it tells what has changed while it was away as one change, without a gap.
    var merges = false
}
