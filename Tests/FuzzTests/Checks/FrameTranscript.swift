// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

/// What a `FrameParser` made of a stream.
struct FrameTranscript: Equatable {
    enum Event: Equatable {
        case message(WebSocketMessage.Kind, [UInt8])
        case ping([UInt8])
        case pong([UInt8])
        case close([UInt8])
    }

    private(set) var events: [Event] = []
    private(set) var failure: WebSocketFailure?

    /// `direct` says whether reads go straight into a large message where the parser has room for them.
    init(of stream: Bytes, reads: ReadSizes, direct: Bool, parser: consuming FrameParser) {
        var events: [FrameParser.Event] = []
        var position = 0
        do throws(WebSocketFailure) {
            for end in reads.ends(of: stream.count) {
                while position < end {
                    if direct, let room = parser.room() {
                        let count = min(end - position, room.count)
                        stream[position..<position + count].withBytes { room.copyMemory(from: $0) }
                        try parser.filledRoom(count, into: &events)
                        position += count
                    } else {
                        try parser.parse(stream[position..<end], into: &events)
                        position = end
                    }
                }
            }
        } catch {
            self.failure = error
        }
        for event in events {
            switch event {
            case .messages(let batch): self.events += batch.map { .message($0.kind, $0.bytes) }
            case .ping(let payload): self.events.append(.ping(payload.array))
            case .pong(let payload): self.events.append(.pong(payload.array))
            case .close(let payload): self.events.append(.close(payload.array))
            }
        }
    }
}
