// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// An open WebSocket, from the 101 to the end: what to deliver, what to answer, how it closes (RFC 6455 5 to 7).
package struct WebSocketSession: Sendable {
    package enum Event: Sendable {
        case received(ByteSlice)
        case send(Opcode, ByteSlice)
        /// We want to close, and what that means.
        case close(CloseFrame, as: ConnectionEnd)
        /// The peer has not answered our close in time.
        case closeDeadline
        /// The socket is gone.
        case socketEnded(FreshetError)
    }

    package enum Action: Sendable {
        case deliver([WebSocketMessage])
        case write(Opcode, ByteSlice)
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
        /// The same, but the peer broke the protocol: what it still sends is read and not understood. To cut it off would
        /// reset the connection, and the close frame could be lost with it.
        case failing(ConnectionEnd)
        case ended
    }

    private var state = State.open
    private var parser: FrameParser

    package init(messageLimit: Int) {
        self.parser = FrameParser(messageLimit: messageLimit)
    }

    package mutating func on(_ event: Event) -> [Action] {
        switch event {
        case .received(let bytes):
            return self.received(bytes)
        case .send(let opcode, let payload):
            guard case .open = self.state else { return [] }
            return [.write(opcode, payload)]
        case .close(let frame, let end):
            guard case .open = self.state else { return [] }
            self.state = .closing(end)
            return [.write(.close, frame.payload), .startCloseDeadline]
        case .closeDeadline:
            switch self.state {
            case .closing, .failing: return [.abandonSocket]
            case .open, .ended: return []
            }
        case .socketEnded(let error):
            defer { self.state = .ended }
            switch self.state {
            case .open: return [.ended(.failure(error))]
            case .closing(let end), .failing(let end): return [.ended(end)]
            case .ended: return []
            }
        }
    }

    private mutating func received(_ bytes: ByteSlice) -> [Action] {
        switch self.state {
        case .open, .closing: break
        case .failing, .ended: return []
        }
        var events: [FrameParser.Event] = []
        var failure: WebSocketFailure?
        do throws(WebSocketFailure) {
            try self.parser.parse(bytes, into: &events)
        } catch {
            failure = error
        }
        // Pongs go first: whoever is given the messages may close, and after a close frame nothing is sent.
        var pongs: [Action] = []
        var messages: [WebSocketMessage] = []
        messages.reserveCapacity(events.count)
        for event in events {
            switch event {
            case .message(let message):
                // After our close nobody listens any more; what is read is only to find the peer's.
                if case .open = self.state { messages.append(message) }
            case .ping(let payload):
                if case .open = self.state { pongs.append(.write(.pong, payload)) }
            case .pong: break
            case .close(let payload):
                do throws(WebSocketFailure) {
                    let frame = try CloseFrame(parsing: payload)
                    return pongs + Self.delivering(messages, self.peerClosed(frame))
                } catch {
                    return pongs + Self.delivering(messages, self.fail(error))
                }
            }
        }
        return pongs + Self.delivering(messages, failure.map { self.fail($0) } ?? [])
    }

    private static func delivering(_ messages: [WebSocketMessage], _ actions: [Action]) -> [Action] {
        messages.isEmpty ? actions : [.deliver(messages)] + actions
    }

    private mutating func peerClosed(_ frame: CloseFrame) -> [Action] {
        switch self.state {
        case .open:
            // Answered with its own code (5.5.1); the socket ends when that has gone out.
            self.state = .closing(.closeFrame(code: frame.code, reason: frame.reason))
            return [
                .write(.close, CloseFrame(code: frame.code, reason: "").payload), .startCloseDeadline, .finishSocket,
            ]
        case .closing:
            return [.finishSocket]
        case .failing, .ended:
            return []
        }
    }

    private mutating func fail(_ failure: WebSocketFailure) -> [Action] {
        guard case .open = self.state else { return [.abandonSocket] }
        self.state = .failing(.failure(failure.error))
        let frame = CloseFrame(code: failure.closeCode, reason: "")
        return [.write(.close, frame.payload), .startCloseDeadline]
    }
}
