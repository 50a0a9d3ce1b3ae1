// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Reads a `history.jsonl` line by line, so that its size does not matter.
package enum HistoryReader {
    /// A longer line is none of ours.
    private static let lineLimit = 1 << 20

    /// Calls `body` with each line and its number, from 1.
    ///
    /// - Throws: `.invalidInput` when there is no such file, `.decoding` at a line that cannot be read.
    package static func read(
        path: String,
        _ body: (_ number: Int, _ line: HistoryLine) throws(FreshetError) -> Void
    ) throws(FreshetError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Self.failure(path) }
        defer { close(file) }
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        var rest: [UInt8] = []
        var number = 0
        while true {
            let count = chunk.withUnsafeMutableBytes { Self.take(from: file, $0) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Self.failure(path) }
            guard count > 0 else { break }
            var left = chunk[..<count]
            while let end = left.firstIndex(of: UInt8(ascii: "\n")) {
                number += 1
                rest += left[..<end]
                try body(number, HistoryLine(json: Data(rest), number: number))
                rest.removeAll(keepingCapacity: true)
                left = left[(end + 1)...]
            }
            rest += left
            guard rest.count <= Self.lineLimit else {
                throw FreshetError(.decoding, "Line \(number + 1) of \(path) is longer than 1 MiB.")
            }
        }
        guard rest.isEmpty else {
            throw FreshetError(
                .decoding,
                "Line \(number + 1) of the history cannot be read: it is cut off.",
                hint: "the run that wrote it did not come to its end"
            )
        }
    }

    private static func take(from file: Int32, _ room: UnsafeMutableRawBufferPointer) -> Int {
        #if canImport(Darwin)
        Darwin.read(file, room.baseAddress, room.count)
        #else
        Glibc.read(file, room.baseAddress, room.count)
        #endif
    }

    private static func failure(_ path: String) -> FreshetError {
        let reason = String(cString: strerror(errno))
        return FreshetError(.invalidInput, "\(path) cannot be read: \(reason).", hint: "name the directory of a report")
    }
}
