// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
public import FreshetTransport

/// What a message from the server means.
public enum SourceEvent: Sendable {
    /// The handshake is done; subscriptions may be sent.
    case ready
    /// One element of a subscription.
    case update(SubscriptionID, Bytes)
    /// The whole state of a subscription, where the server sends it in the stream itself.
    case snapshot(SubscriptionID, Bytes)
    /// Nothing new, but the subscription stands here now, and goes on from here after a drop.
    case progress(SubscriptionID, Position)
    /// What came since the subscription's position is no longer to be had: there is a gap of this cause, and it is begun
    /// anew. `reason` must not contain anything secret.
    case historyLost(SubscriptionID, Gap.Cause, reason: String)
    /// The server says that it has understood the subscription.
    case confirmed(SubscriptionID)
    /// This subscription is over, and why.
    case failed(SubscriptionID, FreshetError)
    /// What the server says of this subscription cannot be understood: it alone ends, and the server is told so.
    case unreadable(SubscriptionID, FreshetError)
    /// The server cannot serve this subscription now: it is made again after a backoff, no sooner than `after`.
    case interrupted(SubscriptionID, FreshetError, after: Duration)
    /// The server has nothing more for this subscription.
    case completed(SubscriptionID)
    /// Send this.
    case reply(WebSocketMessage)
    /// The answer to the source's ping: everything that was sent before it has been read.
    case answered
    /// From now on the server is never silent for longer than this; if it is, the connection is dead.
    case speaksEvery(Duration)
    /// From now on the server is never silent about this subscription for longer than this; if it is, the subscription is made
    /// again. Elements, progress and this itself end the silence.
    case speaks(SubscriptionID, every: Duration)
    /// The server does not want this connection; with `.unauthorized` other credentials are asked for.
    case refused(FreshetError)
    /// All of these, in order, where one message says several things.
    case several([SourceEvent])
    /// Nothing to do; `note` is for the log where it is odd. It must not contain anything secret.
    case nothing(note: String?)
}

/// The server broke its protocol: the connection is closed with this code, and ends as this error.
public struct SourceViolation: Error, Sendable {
    /// The code of the close frame: 1002, 1003, 1007, 1008, or 3000 to 4999.
    public let code: UInt16
    /// Its reason; what is longer than 123 bytes of UTF-8 is cut.
    public let reason: String
    /// What the consumers are told.
    public let error: FreshetError

    /// Makes a violation.
    ///
    /// - Parameters:
    ///   - code: of the close frame.
    ///   - reason: of the close frame.
    ///   - error: what the consumers are told.
    public init(code: UInt16, reason: String, error: FreshetError) {
        self.code = code
        self.reason = reason
        self.error = error
    }

    var frame: CloseFrame { CloseFrame(code: self.code, reason: self.reason) }
}
