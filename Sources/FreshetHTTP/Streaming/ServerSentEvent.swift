// SPDX-License-Identifier: Apache-2.0

/// One event of a `text/event-stream` (HTML standard, 9.2).
public struct ServerSentEvent: Sendable, Hashable {
    /// Its kind; `message` unless the server says another.
    public var event: String
    /// Its data; lines are joined by line feeds.
    public var data: String
    /// The last id that the server said, to be sent as `Last-Event-ID`; empty if there was none.
    public var id: String
    /// How long the server wants to be left alone before it is asked again; nil unless it said so since the last event.
    public var retry: Duration?

    /// Makes an event, as a test does.
    ///
    /// - Parameters:
    ///   - event: its kind.
    ///   - data: its data.
    ///   - id: the last id that the server said.
    ///   - retry: how long to wait before asking again.
    public init(event: String = "message", data: String, id: String = "", retry: Duration? = nil) {
        self.event = event
        self.data = data
        self.id = id
        self.retry = retry
    }
}
