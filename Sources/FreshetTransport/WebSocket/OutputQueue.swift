// SPDX-License-Identifier: Apache-2.0

/// What waits to be sent on one connection, as whole frames: control frames overtake data, and the close frame is the last.
package struct OutputQueue: Sendable {
    /// Small frames share a block up to this size; a control frame waits for one block at most.
    static let blockSize = 65536
    /// Pongs beyond this many bytes wait as the latest alone, which is enough (RFC 6455 5.5.3).
    private static let pongLimit = 16384

    private enum Phase {
        case open
        case closing(lastFrame: [UInt8])
        /// The close frame was handed out, or the socket is gone.
        case closed
    }

    private var phase = Phase.open
    /// Blocks before `first` have been handed out.
    private var blocks: [[UInt8]] = []
    private var first = 0
    /// Bytes of data that wait.
    package private(set) var dataBytes = 0
    private var control: [UInt8] = []
    private var latestPong: [UInt8] = []

    package init() {}

    package var isOpen: Bool {
        if case .open = self.phase { return true }
        return false
    }

    /// Appends a data frame, which `write` appends to the array it is given.
    package mutating func appendData(ofAbout size: Int, _ write: (inout [UInt8]) -> Void) {
        guard self.isOpen else { return }
        if self.first == self.blocks.count || self.blocks[self.blocks.count - 1].count + size > Self.blockSize {
            // Where something waits already, more is likely to: growing a block step by step would copy it each time.
            let room = self.first == self.blocks.count ? size : Self.blockSize
            var block: [UInt8] = []
            block.reserveCapacity(max(room, size))
            self.blocks.append(block)
        }
        let before = self.blocks[self.blocks.count - 1].count
        write(&self.blocks[self.blocks.count - 1])
        self.dataBytes += self.blocks[self.blocks.count - 1].count - before
    }

    package mutating func appendPong(_ frame: [UInt8]) {
        guard self.isOpen else { return }
        if self.control.count < Self.pongLimit {
            self.control += frame
        } else {
            self.latestPong = frame
        }
    }

    package mutating func appendPing(_ frame: [UInt8]) {
        if self.isOpen { self.control += frame }
    }

    /// Closes with `frame`: after the data that waits, or without it.
    package mutating func close(_ frame: [UInt8], droppingData: Bool) {
        guard self.isOpen else { return }
        if droppingData { self.dropData() }
        self.phase = .closing(lastFrame: frame)
    }

    /// The socket is gone.
    package mutating func abandon() {
        self.dropData()
        self.control = []
        self.latestPong = []
        self.phase = .closed
    }

    private mutating func dropData() {
        self.blocks = []
        self.first = 0
        self.dataBytes = 0
    }

    /// The next bytes for the socket; nil when nothing waits.
    package mutating func next() -> [UInt8]? {
        if !self.control.isEmpty {
            defer { self.control = [] }
            return self.control
        }
        if !self.latestPong.isEmpty {
            defer { self.latestPong = [] }
            return self.latestPong
        }
        if self.first < self.blocks.count {
            let block = self.blocks[self.first]
            self.blocks[self.first] = []
            self.first += 1
            if self.first == self.blocks.count {
                self.blocks.removeAll(keepingCapacity: true)
                self.first = 0
            }
            self.dataBytes -= block.count
            return block
        }
        guard case .closing(let lastFrame) = self.phase else { return nil }
        self.phase = .closed
        return lastFrame
    }
}
