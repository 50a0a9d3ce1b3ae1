// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
import HTTPTypes

extension HTTPReply {
    /// The events of a `text/event-stream`, as they come.
    ///
    /// - Parameter limit: how many bytes the data of one event may have.
    /// - Returns: the events. An event that the end cuts short is not one.
    /// - Throws: `.protocolViolation` when the answer is something else.
    public func serverSentEvents(upTo limit: Int = 16 << 20) throws(FreshetError) -> ServerSentEvents {
        let type = self.response.headerFields[.contentType]?.lowercased() ?? ""
        guard type.hasPrefix("text/event-stream") else {
            throw FreshetError(
                .protocolViolation,
                "the server does not send events here, but \(type.isEmpty ? "something of no type" : String(type.prefix(80)))",
                hint: "ask with Accept: text/event-stream, and check the path"
            )
        }
        return ServerSentEvents(body: self.body, limit: limit)
    }
}

/// The events of a `text/event-stream`, as they come. It throws why the body broke off.
public struct ServerSentEvents: AsyncSequence, Sendable {
    /// One kind of error, once.
    public typealias Failure = FreshetError

    let body: HTTPBody
    let limit: Int

    /// Makes an iterator over the events.
    public func makeAsyncIterator() -> Iterator {
        let splitter = LineSplitter(limit: self.limit, endsAtReturn: true)
        let lines = HTTPLines.Iterator(pieces: self.body.makeAsyncIterator(), splitter: splitter)
        return Iterator(lines: lines, parser: ServerSentEventParser(limit: self.limit))
    }

    /// Takes events.
    public struct Iterator: AsyncIteratorProtocol {
        var lines: HTTPLines.Iterator
        var parser: ServerSentEventParser

        /// The next event, or nil at the end.
        ///
        /// - Returns: the event; nil at the end.
        /// - Throws: why the body broke off.
        public mutating func next() async throws(FreshetError) -> ServerSentEvent? {
            try await self.next(isolation: nil)
        }

        /// The next event, or nil at the end.
        ///
        /// - Parameter isolation: where the caller runs; there is no hop.
        /// - Returns: the event; nil at the end.
        /// - Throws: why the body broke off.
        public mutating func next(isolation: isolated (any Actor)?) async throws(FreshetError) -> ServerSentEvent? {
            while let line = try await self.lines.next(isolation: isolation) {
                if let event = try self.parser.read(line: line) { return event }
            }
            return nil
        }
    }
}
