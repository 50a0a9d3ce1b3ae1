// SPDX-License-Identifier: Apache-2.0

/// What a ``FaultRule`` waits for.
public struct FaultMatch: Sendable, Hashable {
    /// What a frame carries, by its opcode.
    public enum FrameKind: UInt8, Sendable, Hashable {
        /// A part of a message that is not its first.
        case continuation = 0x0
        /// A message, or the first part of one.
        case text = 0x1, binary = 0x2
        /// A control frame.
        case close = 0x8, ping = 0x9, pong = 0xA
    }

    enum Moment: Sendable, Hashable {
        case connect, upgrade, request
        case frame(FaultDirection, FrameKind?, text: String?)
        case delay(Duration)
    }

    let moment: Moment
    let connection: Int?
    let path: String?

    /// A connection that has just been accepted.
    ///
    /// - Parameter number: which one, from 1; nil for any.
    /// - Returns: the match.
    public static func connect(_ number: Int? = nil) -> Self {
        Self(moment: .connect, connection: number, path: nil)
    }

    /// A request to become a WebSocket.
    ///
    /// - Parameters:
    ///   - number: of the connection, from 1; nil for any.
    ///   - path: what the request's path, with its query, contains.
    /// - Returns: the match.
    public static func upgrade(_ number: Int? = nil, path: String? = nil) -> Self {
        Self(moment: .upgrade, connection: number, path: path)
    }

    /// Any other request of HTTP/1.1.
    ///
    /// - Parameters:
    ///   - path: what the request's path, with its query, contains.
    ///   - connection: its number, from 1; nil for any.
    /// - Returns: the match.
    public static func request(path: String? = nil, connection: Int? = nil) -> Self {
        Self(moment: .request, connection: connection, path: path)
    }

    /// A frame. A message in several frames is looked at frame by frame.
    ///
    /// - Parameters:
    ///   - direction: which way it goes.
    ///   - text: what its payload contains.
    ///   - kind: what it carries; nil for all but control frames.
    ///   - connection: its number, from 1; nil for any.
    ///   - path: what the path of the connection's upgrade, with its query, contains.
    /// - Returns: the match.
    public static func frame(
        _ direction: FaultDirection,
        containing text: String? = nil,
        kind: FrameKind? = nil,
        connection: Int? = nil,
        path: String? = nil
    ) -> Self {
        Self(moment: .frame(direction, kind, text: text), connection: connection, path: path)
    }

    /// So long after a WebSocket was opened; for those that are open when the rule is added, so long after that.
    ///
    /// - Parameters:
    ///   - delay: how long.
    ///   - connection: its number, from 1; nil for any.
    ///   - path: what the path of its upgrade, with its query, contains.
    /// - Returns: the match.
    public static func after(_ delay: Duration, connection: Int? = nil, path: String? = nil) -> Self {
        Self(moment: .delay(delay), connection: connection, path: path)
    }
}
