// SPDX-License-Identifier: Apache-2.0

/// What a client sends, frame by frame, with its masks taken off.
package struct ClientFrames {
    private let connection: RawConnection
    private var bytes: ArraySlice<UInt8> = []

    package init(_ connection: RawConnection) {
        self.connection = connection
    }

    /// The next frame; nil at the end, or when it is not masked as a client's must be.
    package mutating func next() -> ClientFrame? {
        guard let start = self.take(2), start[1] & 0x80 != 0 else { return nil }
        var length = Int(start[1] & 0x7F)
        if length >= 126 {
            guard let long = self.take(length == 126 ? 2 : 8) else { return nil }
            length = long.reduce(0) { $0 << 8 | Int($1) }
        }
        guard let mask = self.take(4), let payload = self.take(length) else { return nil }
        return ClientFrame(first: start[0], payload: payload.indices.map { payload[$0] ^ mask[$0 & 3] })
    }

    /// The next frame with this first byte; others are passed over.
    package mutating func next(_ first: UInt8) -> ClientFrame? {
        while let frame = self.next() {
            if frame.first == first { return frame }
        }
        return nil
    }

    private mutating func take(_ count: Int) -> [UInt8]? {
        while self.bytes.count < count {
            guard let more = self.connection.read() else { return nil }
            self.bytes += more
        }
        defer { self.bytes = self.bytes.dropFirst(count) }
        return Array(self.bytes.prefix(count))
    }
}
