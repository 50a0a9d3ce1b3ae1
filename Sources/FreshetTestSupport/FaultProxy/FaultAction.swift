// SPDX-License-Identifier: Apache-2.0

public import FreshetTransport

/// What a ``FaultRule`` does.
///
/// What has been passed on before still arrives: the action takes its place in the order of the bytes.
public enum FaultAction: Sendable, Hashable {
    /// To a request: the proxy answers in the server's place, and ends the connection.
    case respond(FaultResponse)
    /// To an upgrade: the proxy opens the WebSocket itself, and closes it at once.
    case acceptAndClose(code: UInt16, reason: String = "")
    /// To an upgrade: the server's 101 is passed on without its subprotocol (`no-subprotocol`).
    case noSubprotocol
    /// To an upgrade: the server's 101 is passed on with a wrong Sec-WebSocket-Accept (`bad-accept`).
    case badAccept
    /// To a frame, or after a time: a close frame to the client, in the frame's place; the server's side is cut. No code may
    /// be wrong here: 1005 makes a frame without one.
    case close(code: UInt16, reason: String = "")
    /// To anything: the connection ends, and what matched is not passed on.
    case cut(FaultCut)
    /// To a request or a frame: it goes on so much later, and so does what follows it that way.
    case delay(Duration)
    /// To a frame: it is not passed on. To a request: it is not passed on either, and never answered. To a connection: it
    /// hears nothing, not in TLS's handshake either.
    case drop
    /// To a frame: neither it nor anything after it is passed on that way. After a time: nothing more, either way.
    case dropOnwards
    /// To a frame: it comes twice.
    case duplicate
    /// To a frame: it changes places with the next one that is no control frame.
    case reorder
    /// To a frame: this text comes instead.
    case replace(String)
    /// To a frame, or after a time: this text message to the client; after the frame, where there is one.
    case inject(String)
    /// The same with any bytes: frames that no server should send, or half of one.
    case injectBytes([UInt8])

    /// Refuses a request.
    ///
    /// - Parameters:
    ///   - status: of the answer, as 503.
    ///   - headers: of the answer, as `Retry-After`.
    /// - Returns: the action.
    public static func refuse(_ status: Int, headers: [HTTPHeader] = []) -> Self {
        .respond(FaultResponse(status: status, headers: headers))
    }

    /// Whether it means anything there.
    func isPossible(at moment: FaultMatch.Moment) -> Bool {
        switch (self, moment) {
        case (.cut, _): true
        case (.drop, .connect), (.noSubprotocol, .upgrade), (.badAccept, .upgrade): true
        case (.respond, .upgrade), (.respond, .request), (.acceptAndClose, .upgrade): true
        case (.delay, .upgrade), (.delay, .request), (.drop, .upgrade), (.drop, .request): true
        case (.close, .frame), (.close, .delay), (.inject, .frame), (.inject, .delay): true
        case (.injectBytes, .frame), (.injectBytes, .delay), (.dropOnwards, .frame), (.dropOnwards, .delay): true
        case (.delay, .frame), (.drop, .frame), (.duplicate, .frame), (.reorder, .frame), (.replace, .frame): true
        default: false
        }
    }
}
