// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Appends lines to a `history.jsonl`. Its writes block for a moment: not for the loop's thread.
///
/// Whoever records from several threads puts a lock around it: lines are to be written in the order in which things happened, the
/// server's before what came of them.
package struct HistoryWriter: ~Copyable {
    private let file: Int32
    private let path: String
    private var waiting: [UInt8] = []

    /// Makes the file, or empties it.
    ///
    /// - Throws: `.invalidInput` when that is not possible.
    package init(path: String) throws(FreshetError) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw Self.failure(path) }
        self.file = file
        self.path = path
        self.waiting.reserveCapacity(Self.room)
    }

    deinit { close(self.file) }

    /// What waits before it is written.
    private static let room = 1 << 16

    package mutating func append(_ line: HistoryLine) throws(FreshetError) {
        self.waiting += try line.json()
        self.waiting.append(UInt8(ascii: "\n"))
        if self.waiting.count >= Self.room { try self.flush() }
    }

    /// Writes what waits. To be called at the end: what waits then is lost otherwise.
    package mutating func flush() throws(FreshetError) {
        // By its place, not as a slice: that would share the buffer, and another one, a little larger, would be made each time.
        var written = 0
        while written < self.waiting.count {
            let count = self.waiting.withUnsafeBytes { bytes in
                write(self.file, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(self.path) }
            written += count
        }
        self.waiting.removeAll(keepingCapacity: true)
    }

    private static func failure(_ path: String) -> FreshetError {
        let reason = String(cString: strerror(errno))
        return FreshetError(.invalidInput, "\(path) cannot be written: \(reason).")
    }
}
