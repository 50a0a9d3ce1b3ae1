// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What has come of an answer's body since it was last looked at: unpacked, and within its limit.
struct IncomingBody {
    /// How much may wait for the reader of a body, in bytes.
    static let readAhead = 1 << 20

    /// No more is taken until there is room again.
    var isPaused = false
    var decoder: ContentDecoder?
    private var pieces: [Bytes] = []
    private var size = 0
    private var total = 0
    private let limit: Int?
    /// Of the server.
    private let name: String

    init(limit: Int?, from name: String) {
        self.limit = limit
        self.name = name
    }

    private var tooLarge: FreshetError {
        FreshetError(
            .messageTooLarge,
            "the answer of \(self.name) is larger than \(self.limit ?? 0) bytes",
            hint: "raise the limit, or read it as it comes"
        )
    }

    /// Refuses what is announced to be too long: it need not be begun.
    func check(announced length: Int?) throws(FreshetError) {
        if let limit = self.limit, let length, length > limit { throw self.tooLarge }
    }

    mutating func append(_ piece: Bytes) throws(FreshetError) {
        guard let decoder = self.decoder else { return try self.take(piece) }
        decoder.append(piece)
        try self.unpack()
    }

    /// Unpacks what there is room for.
    mutating func unpack() throws(FreshetError) {
        while !self.isPaused, let piece = try self.decoder?.next() { try self.take(piece) }
    }

    private mutating func take(_ piece: Bytes) throws(FreshetError) {
        self.total += piece.count
        if let limit = self.limit, self.total > limit { throw self.tooLarge }
        self.pieces.append(piece)
        self.size += piece.count
        if self.size >= Self.readAhead { self.isPaused = true }
    }

    /// Hands out what is there.
    mutating func takeOut() -> (pieces: [Bytes], size: Int) {
        defer { (self.pieces, self.size) = ([], 0) }
        return (self.pieces, self.size)
    }
}
