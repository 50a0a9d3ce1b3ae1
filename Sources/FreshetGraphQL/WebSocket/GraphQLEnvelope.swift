// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// A message's outer shape, found by scanning: the payload is not parsed here.
struct GraphQLEnvelope {
    enum MessageType: String {
        case connectionAck = "connection_ack"
        case connectionError = "connection_error"
        case ping, pong, next, error, complete
        /// Of the older protocol.
        case data, ka
        case startAck = "start_ack"
    }

    private(set) var type: MessageType?
    /// Without its quotes.
    private(set) var id: Bytes?
    private(set) var payload: Bytes?
    /// Where the text stops being JSON; what was found before that counts.
    private(set) var failure: JSONScanner.Failure?

    init(_ message: Bytes) {
        do throws(JSONScanner.Failure) {
            try message.withBytes { bytes throws(JSONScanner.Failure) in
                var scanner = try JSONScanner(bytes)
                while let member = try scanner.next() {
                    let key = UnsafeRawBufferPointer(rebasing: bytes[member.key])
                    if key.elementsEqual("payload".utf8) {
                        self.payload = message[member.value]
                    } else if key.elementsEqual("id".utf8) {
                        self.id = Self.unquoted(message[member.value])
                    } else if key.elementsEqual("type".utf8) {
                        self.type = Self.unquoted(message[member.value]).flatMap { MessageType(rawValue: $0.text) }
                    }
                }
            }
        } catch {
            self.failure = error
        }
    }

    private static func unquoted(_ value: Bytes) -> Bytes? {
        guard value.count >= 2, value[0] == UInt8(ascii: "\"") else { return nil }
        return value[1..<value.count - 1]
    }
}
