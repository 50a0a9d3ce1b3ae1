// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What `--state-file` keeps: how far a watch has got, and what it is about to write.
///
/// Before a record is written to stdout, the state says so (`pending`), and how long stdout is then. So after a SIGKILL at any moment
/// the next process can tell from the length of the output whether the record is in it: where stdout is a regular file.
///
/// A run that has enough within a state or a transaction (`--count`) leaves the rest of that here. It cannot be had again: the
/// server may have another state by then.
struct WatchState: Codable, Equatable {
    /// A regular file that stdout is, and how long it was.
    struct Output: Codable, Equatable {
        let device: UInt64
        let inode: UInt64
        let length: Int64
    }

    /// A record that may have been written or not.
    struct Pending: Codable, Equatable {
        let position: Position
        let bytes: Int64
        /// What is still to be written after it, before the position is reached.
        var rest: [KeptChange]?
    }

    var v = 1
    /// What is watched; a state of something else is refused.
    let source: String
    /// That of the last record that is certainly in the output.
    var position: Position?
    /// What is still to be written, before the position is reached.
    var rest: [KeptChange]?
    /// How long the output was with it.
    var output: Output?
    var pending: Pending?

    /// Where a new process goes on, what it writes before, and what is left of the old one's output in the file.
    enum Resumption: Equatable {
        case goOn(Position?, rest: [KeptChange] = [])
        /// A record was written in part: the output is cut to this length before.
        case cut(to: Int64, Position?, rest: [KeptChange] = [])
    }

    /// - Parameter now: what stdout is now.
    /// - Returns: where to go on.
    func resumption(_ now: Output?) -> Resumption {
        let before = self.rest ?? []
        guard let pending else { return .goOn(self.position, rest: before) }
        guard let output, let now, output.device == now.device, output.inode == now.inode, now.length >= output.length
        else {
            // Nobody can tell whether the record has come out: it is written again rather than never.
            return .goOn(self.position, rest: before)
        }
        if now.length >= output.length + pending.bytes { return .goOn(pending.position, rest: pending.rest ?? []) }
        return now.length == output.length
            ? .goOn(self.position, rest: before) : .cut(to: output.length, self.position, rest: before)
    }
}
