// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// What one line of a history says.
///
/// A source numbers its elements from 1 without a hole (`n`), and those of each key as well (`k`). The *place* of an element in a
/// stream is its `n`, or its `k` where the stream is of one key. What the server's side says is what the oracle judges by.
package enum HistoryEvent: Sendable, Hashable, Codable {
    // The run: the first line, and the last one, after every client has been closed.
    case run(facts: RunFacts)
    case finished
    /// Nothing was published, and no fault was on, for long enough: what has not come by now will not come.
    case settled

    // What the server's side saw. `transaction` is the number of the last element of the same transaction.
    case published(source: String, key: String, n: Int, k: Int, transaction: Int? = nil)
    /// The source no longer has elements up to this number.
    case forgot(source: String, upTo: Int)
    /// The server has taken the stream up; what comes after this place is sent.
    case subscribed(client: Int, stream: Int, after: Int)
    /// The server has ended the stream, and has said so.
    case terminated(client: Int, stream: Int)
    case opened(client: Int, socket: Int)
    case closed(client: Int, socket: Int)
    /// A new token, good until `expires` (µs of the run), for the one that it replaces.
    case issued(client: Int, token: Int, replaces: Int? = nil, expires: Int)
    case refused(client: Int, token: Int, expired: Bool)

    // What the run did with its clients. `overlap`: so many µs there may be one socket more than `sockets`. `ends`: the fault that
    // its streams are expected to end by.
    case client(client: Int, sockets: Int = 1, overlap: Int = 0, ends: String? = nil)
    /// `key` nil: all keys. `after`: begins after this place, 0: with the first element that there is, nil: now. `merges`: what has
    /// changed while it was away is told as one change, without what was superseded, and no gap says so.
    case stream(
        client: Int,
        stream: Int,
        source: String,
        key: String? = nil,
        promise: Continuity,
        overflow: StreamOverflow = .suspending,
        after: Int? = nil,
        merges: Bool? = nil
    )
    /// The consumer has left the stream; nothing is owed to it any more.
    case left(client: Int, stream: Int)
    /// The client is being closed: each of its streams is to end.
    case closing(client: Int)
    /// What the system says of a process, and of its memory the allocator as well: `inUse`, what is not given back. `idle` while it has no
    /// client.
    case sample(process: String, descriptors: Int, resident: Int, inUse: Int? = nil, idle: Bool = false)

    // What the clients' consumers were handed, and what clients say of themselves.
    case element(client: Int, stream: Int, n: Int, key: String, k: Int)
    case gap(client: Int, stream: Int, cause: Gap.Cause, count: Int? = nil)
    /// The whole state, in which everything up to this place is.
    case snapshot(client: Int, stream: Int, covers: Int)
    /// Where a stream would go on that begins at the position which is saved now.
    case position(client: Int, stream: Int, upTo: Int)
    case end(client: Int, stream: Int, error: String? = nil)
    case state(client: Int, phase: ClientPhase, attempt: Int? = nil, error: String? = nil)

    // Faults; `number` counts them. An instant one begins and ends at once.
    case faultBegan(number: Int, id: String)
    case faultEnded(number: Int)
}

/// What a stream does when its consumer is too slow.
package enum StreamOverflow: String, Sendable, Hashable, Codable {
    case suspending, dropOldest, latestPerKey, failOnOverflow
}

/// What a client says that its connection is doing.
package enum ClientPhase: String, Sendable, Hashable, Codable {
    case idle, connecting, live, degraded, waiting, polling, needsCredentials, suspended, closing, failed

    /// The phase of a connection's state.
    package init(_ state: ConnectionState) {
        self =
            switch state {
            case .idle: .idle
            case .connecting: .connecting
            case .live: .live
            case .degraded: .degraded
            case .waiting: .waiting
            case .polling: .polling
            case .needsCredentials: .needsCredentials
            case .suspended: .suspended
            case .closing: .closing
            case .failed: .failed
            }
    }
}
