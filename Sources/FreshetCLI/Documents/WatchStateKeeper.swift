// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetDocuments

/// Keeps a watch's state while it runs: before each record what is about to be written, after it what has been.
struct WatchStateKeeper {
    private let file: StateFile
    private var state: WatchState

    /// Where this process goes on; nil: at the beginning. Stdout is set right where the last one was killed within a record.
    let position: Position?
    /// What this process writes before it goes on there.
    let rest: [DocumentChange<Bytes>]

    init(_ path: String, source: String) throws(FreshetError) {
        self.file = StateFile(path: path)
        self.state = try self.file.load(source: source) ?? WatchState(source: source)
        let rest: [KeptChange]
        switch self.state.resumption(StateFile.output()) {
        case .goOn(let position, let left):
            self.position = position
            rest = left
        case .cut(let length, let position, let left):
            try StateFile.cutOutput(to: length)
            self.position = position
            rest = left
        }
        self.rest = rest.map { $0.change }
        self.state.position = self.position
        self.state.rest = rest.isEmpty ? nil : rest
        self.state.pending = nil
        self.state.output = StateFile.output()
        // An unwritable file is told now, and not after the first record.
        try self.file.save(self.state)
    }

    /// `bytes` are about to be written, and the feed stands there with them and with what is left.
    mutating func willWrite(
        _ bytes: Int,
        _ position: Position,
        rest: [DocumentChange<Bytes>] = []
    ) throws(FreshetError) {
        self.state.output = StateFile.output()
        self.state.pending = WatchState.Pending(position: position, bytes: Int64(bytes), rest: Self.kept(rest))
        try self.file.save(self.state)
    }

    /// They have been written. In a regular file that can be seen, so it need not be said at once.
    mutating func wrote() throws(FreshetError) {
        guard let pending = self.state.pending else { return }
        (self.state.position, self.state.rest) = (pending.position, pending.rest)
        self.state.pending = nil
        if self.state.output == nil { try self.file.save(self.state) }
    }

    /// There was nothing to write, and the feed stands there with what is left.
    mutating func settle(_ position: Position, rest: [DocumentChange<Bytes>] = []) throws(FreshetError) {
        (self.state.position, self.state.rest) = (position, Self.kept(rest))
        try self.settle()
    }

    /// The watch is over.
    mutating func settle() throws(FreshetError) {
        self.state.pending = nil
        self.state.output = StateFile.output()
        try self.file.save(self.state)
    }

    private static func kept(_ rest: [DocumentChange<Bytes>]) -> [KeptChange]? {
        rest.isEmpty ? nil : rest.map { KeptChange($0) }
    }
}
