// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore

/// What is watched: a GraphQL subscription, or documents.
protocol WatchSubject: Sendable {
    /// Where it comes from, as records name it.
    var source: String { get }
    /// What the connection does.
    var connectionStates: AsyncStream<ConnectionState> { get }
    /// Hands out one event after another, until `output` has enough or the server has no more.
    func consume(_ output: WatchOutput) async throws(FreshetError) -> WatchOutcome
    /// Closes the connection, and makes it again.
    func reconnect()
    /// Says goodbye to the server.
    func close() async
}

/// What ended a watch.
enum WatchOutcome: Sendable {
    case completed
    case counted
    /// There was a gap, under `--on-gap fail`.
    case gap
    case failed(FreshetError)
    case interrupted(Interruption.Cause)
    case outputClosed
}
