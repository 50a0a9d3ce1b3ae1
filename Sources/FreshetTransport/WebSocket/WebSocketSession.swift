// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// An open WebSocket, from the 101 to the end: what to deliver, what to answer, how it closes (RFC 6455 5 to 7).
package struct WebSocketSession: ~Copyable {
    package enum Event: Sendable {
        case received(Bytes)
        /// So many bytes were read straight into `room()`.
        case filledRoom(Int)
        /// We want to close, and what that means.
        case close(CloseFrame, as: ConnectionEnd)
        /// The peer has not answered our close in time.
        case closeDeadline
        /// The socket is gone.
        case socketEnded(FreshetError)
    }

    package enum Action: Sendable {
        case deliver([MessageBatch])
        case pong(Bytes)
        /// The peer has answered the ping with this payload.
        case ponged(Bytes)
        /// The close frame: before it goes what waits to be sent, unless that is to be dropped.
        case close(CloseFrame, droppingData: Bool)
        case startCloseDeadline
        /// Let what was written go out, then end the socket.
        case finishSocket
        case abandonSocket
        /// The last action of all.
        case ended(ConnectionEnd)
    }

    private enum State {
        case open
        /// A close frame went out. `end` is what this will have been.
        case closing(ConnectionEnd)
        /// The same, but the peer has said its last: it closed (5.5.1), or broke the protocol. What it still sends is read and
        /// not understood. To cut it off would reset the connection, and the close frame could be lost with it.
        case deaf(ConnectionEnd)
        case ended
    }

    private var state = State.open
    private var parser: FrameParser

    package init(
        messageLimit: Int,
        inflater: Inflater? = nil,
        memory: MemoryPool = MemoryPool(limit: 0)
    ) {
        self.parser = FrameParser(messageLimit: messageLimit, inflater: inflater, memory: memory)
    }

    /// Where the next bytes may be read directly; see `FrameParser.room()`.
    package mutating func room() -> UnsafeMutableRawBufferPointer? {
        guard case .open = self.state else { return nil }
        return unsafe self.parser.room()
    }

    package mutating func on(_ event: Event) -> [Action] {
        switch event {
        case .received(let bytes):
            return self.received { parser, events throws(WebSocketFailure) in try parser.parse(bytes, into: &events) }
        case .filledRoom(let count):
            return self.received { parser, events throws(WebSocketFailure) in
                try parser.filledRoom(count, into: &events)
            }
        case .close(let frame, let end):
            guard case .open = self.state else { return [] }
            self.state = .closing(end)
            return [.close(frame, droppingData: false), .startCloseDeadline]
        case .closeDeadline:
            switch self.state {
            case .closing, .deaf: return [.abandonSocket]
            case .open, .ended: return []
            }
        case .socketEnded(let error):
            defer { self.state = .ended }
            switch self.state {
            case .open: return [.ended(.failure(error))]
            case .closing(let end), .deaf(let end): return [.ended(end)]
            case .ended: return []
            }
        }
    }

    private mutating func received(
        _ parse: (inout FrameParser, inout [FrameParser.Event]) throws(WebSocketFailure) -> Void
    ) -> [Action] {
        switch self.state {
        case .open, .closing: break
        case .deaf, .ended: return []
        }
        var events: [FrameParser.Event] = []
        var failure: WebSocketFailure?
        do throws(WebSocketFailure) {
            try parse(&self.parser, &events)
        } catch {
            failure = error
        }
        // Pongs go first: whoever is given the messages may close, and after a close frame nothing is sent.
        var pongs: [Action] = []
        var batches: [MessageBatch] = []
        for event in events {
            switch event {
            case .messages(let batch):
                // After our close nobody listens any more; what is read is only to find the peer's.
                if case .open = self.state { batches.append(batch) }
            case .ping(let payload):
                if case .open = self.state { pongs.append(.pong(payload)) }
            case .pong(let payload): pongs.append(.ponged(payload))
            case .close(let payload):
                do throws(WebSocketFailure) {
                    let frame = try CloseFrame(parsing: payload)
                    return pongs + Self.delivering(batches, self.peerClosed(frame))
                } catch {
                    return pongs + Self.delivering(batches, self.fail(error))
                }
            }
        }
        return pongs + Self.delivering(batches, failure.map { self.fail($0) } ?? [])
    }

    private static func delivering(_ batches: [MessageBatch], _ actions: [Action]) -> [Action] {
        batches.isEmpty ? actions : [.deliver(batches)] + actions
    }

    private mutating func peerClosed(_ frame: CloseFrame) -> [Action] {
        switch self.state {
        case .open:
            // Answered with its own code (5.5.1); the socket ends when that has gone out.
            self.state = .deaf(.closeFrame(code: frame.code, reason: frame.reason))
            return [
                .close(CloseFrame(code: frame.code, reason: ""), droppingData: true), .startCloseDeadline,
                .finishSocket,
            ]
        case .closing(let end):
            self.state = .deaf(end)
            return [.finishSocket]
        case .deaf, .ended:
            return []
        }
    }

    private mutating func fail(_ failure: WebSocketFailure) -> [Action] {
        if case .closing(let end) = self.state {
            self.state = .deaf(end)
            return [.abandonSocket]
        }
        self.state = .deaf(.failure(failure.error))
        return [
            .close(CloseFrame(code: failure.closeCode, reason: ""), droppingData: true), .startCloseDeadline,
        ]
    }
}
