// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

/// What a `WebSocketSession` did with a stream, from the first read until its socket has ended.
struct SessionTranscript: Equatable {
    struct Message: Equatable {
        let kind: WebSocketMessage.Kind
        let bytes: [UInt8]
    }

    private(set) var messages: [Message] = []
    private(set) var pongs: [[UInt8]] = []
    private(set) var closes: [CloseFrame] = []
    private(set) var finishesSocket = false
    private(set) var abandonsSocket = false
    private(set) var ends: [ConnectionEnd] = []

    /// `closeAt` says where in the stream we close ourselves.
    init(
        of stream: Bytes,
        reads: ReadSizes,
        closeAt: Int?,
        session: consuming WebSocketSession
    ) throws(Finding) {
        var position = 0
        for end in reads.ends(of: stream.count, andAt: closeAt) {
            if position == closeAt { try self.closeByUs(&session) }
            while position < end {
                if let room = session.room() {
                    let count = min(end - position, room.count)
                    stream[position..<position + count].withBytes { room.copyMemory(from: $0) }
                    try self.note(session.on(.filledRoom(count)))
                    position += count
                } else {
                    try self.note(session.on(.received(stream[position..<end])))
                    position = end
                }
            }
        }
        if !self.closes.isEmpty {
            let actions = session.on(.closeDeadline)
            guard case .abandonSocket? = actions.first, actions.count == 1 else {
                throw Finding("a close deadline does not end the socket")
            }
        }
        for _ in 1...2 { try self.note(session.on(.socketEnded(FreshetError(.closed(code: 1006), "gone")))) }
        try require(self.ends.count == 1, "a session ends \(self.ends.count) times")
        try require(session.on(.received(stream)).isEmpty, "an ended session still acts")
    }

    private mutating func closeByUs(_ session: inout WebSocketSession) throws(Finding) {
        try self.note(session.on(.close(CloseFrame(code: 1000, reason: "done"), as: .ours)))
    }

    private mutating func note(_ actions: [WebSocketSession.Action]) throws(Finding) {
        for action in actions {
            switch action {
            case .deliver(let batches):
                try require(self.closes.isEmpty, "a message is delivered after a close")
                self.messages += batches.joined().map { Message(kind: $0.kind, bytes: $0.bytes) }
            case .pong(let payload):
                try require(self.closes.isEmpty, "a pong is sent after a close frame")
                self.pongs.append(payload.array)
            case .ponged(_): break
            case .close(let frame, _):
                self.closes.append(frame)
                try require(self.closes.count == 1, "a second close frame is sent")
            case .startCloseDeadline:
                try require(!self.closes.isEmpty, "a close deadline starts without a close frame")
            case .finishSocket: self.finishesSocket = true
            case .abandonSocket: self.abandonsSocket = true
            case .ended(let end): self.ends.append(end)
            }
        }
    }
}
