// SPDX-License-Identifier: Apache-2.0

/// What the network of a ``FaultProxy`` is like: for every connection, also those that are open, from the moment it is set.
///
/// All are off to begin with, and each can be combined with the others.
public struct NetworkConditions: Sendable, Hashable {
    /// Where nothing gets through.
    public enum Blackhole: String, Sendable, Hashable {
        /// Neither way.
        case both
        /// From the client to the server.
        case up
        /// From the server to the client.
        case down

        func holds(_ direction: FaultDirection) -> Bool {
            switch self {
            case .both: true
            case .up: direction == .toServer
            case .down: direction == .toClient
            }
        }
    }

    /// A network that comes and goes, beginning with up, from the moment it is set.
    public struct Flap: Sendable, Hashable {
        /// How long it is there.
        public var up: Duration
        /// How long it is gone: connections are reset, and new ones refused.
        public var down: Duration

        /// Makes a network that comes and goes.
        ///
        /// - Parameters:
        ///   - up: how long it is there; 1 ms at least.
        ///   - down: how long it is gone; 1 ms at least.
        public init(up: Duration, down: Duration) {
            self.up = max(up, .milliseconds(1))
            self.down = max(down, .milliseconds(1))
        }
    }

    /// How much later everything arrives, each way (`net.latency`).
    public var latency: Duration = .zero

    /// By how much the latency varies: up to so much more, drawn from the seed. The order stays.
    public var jitter: Duration = .zero

    /// How much gets through in a second, each way of each connection (`net.bandwidth`); nil for no limit.
    public var bytesPerSecond: Int?

    /// The sizes of the segments that everything is cut into, drawn from the seed, as in `1...7` (`net.slice`).
    public var segments: ClosedRange<Int>?

    /// How long it takes from one segment to the next: with `segments` of `1...1` a slow drip (`net.slowdrip`).
    public var pause: Duration = .zero

    /// Where nothing gets through, while every socket stays open (`tcp.blackhole`).
    ///
    /// Nothing is lost: as with TCP, what was held back arrives when the blackhole has gone. A connection that is new meanwhile
    /// is accepted, and hears nothing.
    public var blackhole: Blackhole?

    /// Whether nobody listens on the proxy's port (`tcp.refused`). Connections that are open stay.
    public var refusesConnections = false

    /// Whether nobody answers on the proxy's port, as where a firewall drops what comes (`tcp.syn-drop`). Connections that are open
    /// stay.
    public var ignoresConnections = false

    /// After how much silence, both ways, a connection is cut (`proxy.idle-timeout`); nil for never.
    public var idleTimeout: Duration?

    /// How many bytes of frames to the client are held back until they are so many (`proxy.buffering`); nil for none. What was held
    /// back arrives when it is set to nil.
    public var buffering: Int?

    /// After how many bytes to the client a connection is cut, drawn from the seed for each one that begins from now on.
    public var cutAfter: ClosedRange<Int>?

    /// How it is cut then, and after silence.
    public var cut: FaultCut = .reset

    /// A network that comes and goes (`net.flap`).
    public var flap: Flap?

    /// What TLS is like for connections that begin from now on, where the proxy ends it.
    public var tls = TLSConditions()

    /// Makes a network without faults.
    public init() {}
}
