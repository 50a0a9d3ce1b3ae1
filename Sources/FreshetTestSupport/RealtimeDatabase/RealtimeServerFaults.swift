// SPDX-License-Identifier: Apache-2.0

/// What a ``RealtimeDatabaseServer`` does otherwise than it should.
public struct RealtimeServerFaults: Sendable, Hashable {
    /// The upgrade to WebSocket is answered with this status.
    public var refusesWebSocket: Int?
    /// Who connects is sent there instead of being greeted: host and port.
    public var redirect: String?
    /// Nobody is greeted.
    public var isMute = false
    /// Every message goes out in segments of so many letters, also where it need not.
    public var segmentLength: Int?
    /// Every push is sent twice.
    public var doublesPushes = false
    /// A write is acknowledged before those who listen are told.
    public var acknowledgesFirst = false
    /// A write is done, and then the connection breaks instead of an answer.
    public var breaksAfterWrite = false
    /// Questions and writes are not answered at all.
    public var answersNothing = false
    /// Whoever listens is told that there is no index.
    public var hasNoIndex = false
    /// Server-sent events are refused with this status.
    public var refusesEvents: Int?

    /// No faults.
    public init() {}
}
