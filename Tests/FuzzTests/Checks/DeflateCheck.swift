// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

/// `Deflater` and `Inflater` undo one another, and `Inflater` alone takes anything without giving more than is allowed.
///
/// The input: a byte of settings, one for a limit, one that chooses the reads; then messages, each after a byte with its size.
struct DeflateCheck {
    private let agreement: CompressionAgreement
    private let isRoundTrip: Bool
    private let limit: Int
    private let reads: ReadSizes
    private let messages: [[UInt8]]

    init(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        let settings = input.byte()
        var agreement = CompressionAgreement()
        let bits = 9 + Int(settings & 0x07) % 7
        agreement.clientMaxWindowBits = bits
        // Ours may be smaller than what the server was allowed, never larger.
        agreement.serverMaxWindowBits = settings & 0x20 != 0 ? 15 : bits
        agreement.clientNoContextTakeover = settings & 0x08 != 0
        agreement.serverNoContextTakeover = agreement.clientNoContextTakeover
        self.agreement = agreement
        self.isRoundTrip = settings & 0x10 != 0
        self.limit = 4 * Int(input.byte())
        self.reads = .varied(input.byte())
        var messages: [[UInt8]] = []
        while !input.rest.isEmpty {
            let message = input.bytes(Int(input.byte()))
            messages.append(self.isRoundTrip ? FuzzInput.expanded(message, limit: 64 << 10) : message)
        }
        self.messages = messages
    }

    func run() throws(Finding) {
        if self.isRoundTrip { try self.roundTrip() } else { try self.inflateAnything() }
    }

    private func roundTrip() throws(Finding) {
        guard let deflater = Deflater(self.agreement) else { throw Finding("no deflater for \(self.agreement)") }
        let inflater = Inflater(self.agreement)
        for message in self.messages {
            guard let compressed = deflater.deflate(Bytes(copying: message)) else {
                throw Finding("\(message.count) bytes cannot be deflated")
            }
            // The limit is the message's own size: that much must be let through.
            let (output, failure) = Self.inflate(compressed, by: inflater, self.reads, limit: message.count)
            try require(failure == nil, "what we deflated fails: \(failure.map { "\($0)" } ?? "")")
            try require(output == message, "\(message) came back as \(output)")
        }
        guard let first = self.messages.first(where: { !$0.isEmpty }),
            let compressed = Deflater(self.agreement)?.deflate(Bytes(copying: first))
        else { return }
        let limit = first.count - 1
        let (output, failure) = Self.inflate(compressed, by: Inflater(self.agreement), self.reads, limit: limit)
        try require(failure == .tooLarge(limit: limit), "one byte too many is not refused")
        try require(output == first, "more or less than one byte beyond the limit")
    }

    private func inflateAnything() throws(Finding) {
        let inflaters = (1...3).map { _ in Inflater(self.agreement) }
        for message in self.messages {
            let whole = Self.inflate(message, by: inflaters[0], .whole, limit: self.limit)
            let most = whole.failure == nil ? self.limit : self.limit + 1
            try require(whole.output.count <= most, "\(whole.output.count) bytes, the limit is \(self.limit)")
            for (inflater, reads) in [(inflaters[1], .finest), (inflaters[2], self.reads)] as [(Inflater, ReadSizes)] {
                let other = Self.inflate(message, by: inflater, reads, limit: self.limit)
                try require(other.failure == whole.failure, "in one read: \(whole), read \(reads): \(other)")
                try require(
                    whole.failure != nil || other.output == whole.output,
                    "in one read: \(whole), read \(reads): \(other)"
                )
            }
            if whole.failure != nil { return }
        }
    }

    private static func inflate(
        _ message: [UInt8],
        by inflater: Inflater,
        _ reads: ReadSizes,
        limit: Int
    ) -> (output: [UInt8], failure: WebSocketFailure?) {
        let output = GrowingBuffer(capacity: 0)
        do throws(WebSocketFailure) {
            var start = 0
            for end in reads.ends(of: message.count) {
                try Bytes(copying: message[start..<end]).withBytes { bytes throws(WebSocketFailure) in
                    try inflater.inflate(bytes, into: output, limit: limit)
                }
                start = end
            }
            try inflater.endMessage(into: output, limit: limit)
            return (Array(output.contents), nil)
        } catch {
            return (Array(output.contents), error)
        }
    }
}
