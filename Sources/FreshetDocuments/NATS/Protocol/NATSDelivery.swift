// SPDX-License-Identifier: Apache-2.0

/// What the reply subject of a message from JetStream says:
/// `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>`, and in newer servers with a
/// domain and an account before the stream and perhaps a random token at the end.
package struct NATSDelivery: Sendable, Equatable {
    package let streamSequence: UInt64
    package let consumerSequence: UInt64
    /// When the stream has stored it, in nanoseconds since 1970.
    package let time: UInt64
    /// How many more there are now.
    package let pending: UInt64

    init?(_ subject: UnsafeRawBufferPointer) {
        guard NATSTokens.isWord(subject.prefix(8), "$JS.ACK.") else { return nil }
        let count = subject.reduce(1) { $1 == 0x2E ? $0 + 1 : $0 }
        guard count == 9 || count == 11 || count == 12 else { return nil }
        let first = count == 9 ? 5 : 7
        var numbers: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var token = 0
        var start = 0
        for end in 0...subject.count where end == subject.count || subject[end] == 0x2E {
            defer { (token, start) = (token + 1, end + 1) }
            guard token >= first, token < first + 4 else { continue }
            guard let number = NATSTokens.number(subject[start..<end]) else { return nil }
            switch token - first {
            case 0: numbers.0 = number
            case 1: numbers.1 = number
            case 2: numbers.2 = number
            default: numbers.3 = number
            }
        }
        (self.streamSequence, self.consumerSequence, self.time, self.pending) = numbers
    }
}
