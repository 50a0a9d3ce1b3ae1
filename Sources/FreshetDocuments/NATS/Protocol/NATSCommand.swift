// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

/// What a client says, to be put together: several commands may go out as one message.
struct NATSCommand {
    private var bytes: [UInt8] = []

    static let ping = NATSCommand(line: "PING")
    static let pong = NATSCommand(line: "PONG")

    init() {}

    init(line: String) {
        self.add(line: line)
    }

    mutating func add(line: String) {
        self.bytes += Array(line.utf8)
        self.bytes += [0x0D, 0x0A]
    }

    mutating func subscribe(to subject: String, sid: UInt64) { self.add(line: "SUB \(subject) \(sid)") }
    mutating func unsubscribe(_ sid: UInt64) { self.add(line: "UNSUB \(sid)") }

    mutating func publish(
        to subject: String,
        reply: String? = nil,
        headers: NATSHeaders = NATSHeaders(),
        _ value: [UInt8] = []
    ) {
        let target = reply.map { "\(subject) \($0)" } ?? subject
        if headers.fields.isEmpty {
            self.add(line: "PUB \(target) \(value.count)")
        } else {
            let block = headers.encoded
            self.add(line: "HPUB \(target) \(block.count) \(block.count + value.count)")
            self.bytes += block
        }
        self.bytes += value
        self.bytes += [0x0D, 0x0A]
    }

    var message: WebSocketMessage { WebSocketMessage(.binary, Bytes(copying: self.bytes)) }
}
