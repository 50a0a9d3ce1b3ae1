// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// How a client is, in figures: what its connection did so far, and how far its consumers are behind.
public struct ConnectionHealth: Sendable, Hashable {
    /// What the connection is doing.
    public internal(set) var state = ConnectionState.idle
    /// How often a connection was acknowledged.
    public internal(set) var connects = 0
    /// How often one ended that was not closed by us, by what ended it: a close code, `timeout.keepAlive`, and the like.
    public internal(set) var drops: [String: Int] = [:]
    /// How many gaps the feeds were told.
    public internal(set) var gaps = 0
    /// How often a snapshot was asked for because there was no WebSocket to be had.
    public internal(set) var polls = 0
    /// How many feeds are open.
    public internal(set) var feeds = 0
    /// How many elements wait for their consumers.
    public internal(set) var waitingElements = 0
    /// How many bytes wait for their consumers.
    public internal(set) var waitingBytes = 0
    /// How many elements were dropped because consumers were too slow, of the feeds that are open.
    public internal(set) var dropped = 0
    /// How long the oldest element has waited for its consumer.
    public internal(set) var oldestAge: Duration?
    /// How long the server took to answer: the last ping of the WebSocket, or the source's handshake if there was none since.
    public internal(set) var roundTrip: Duration?
    /// How long ago the last message came on the present connection.
    public internal(set) var quiet: Duration?

    init() {}
}

extension FreshetError {
    /// A short name for metrics.
    var label: String {
        switch self.kind {
        case .closed(let code): "closed.\(code)"
        case .timeout(let phase): "timeout.\(phase.rawValue)"
        case .tls(let failure): "tls.\(failure.rawValue)"
        case .upgradeRefused(let status): "upgrade.\(status)"
        case .proxyRefused(let status): "proxy.\(status)"
        case .operationFailed: "operationFailed"
        case .conflict: "conflict"
        case .rateLimited: "rateLimited"
        case .validation: "validation"
        case .server(let status): "server.\(status)"
        case .rejected(let status): "rejected.\(status)"
        default: "\(self.kind)"
        }
    }
}
