// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Keeps a watch's state while it runs: before each record what is about to be written, after it what has been.
struct WatchStateKeeper {
    private let file: StateFile
    private var state: WatchState

    /// Where this process goes on; nil: at the beginning. Stdout is set right where the last one was killed within a record.
    let position: Position?

    init(_ path: String, source: String) throws(FreshetError) {
        self.file = StateFile(path: path)
        self.state = try self.file.load(source: source) ?? WatchState(source: source)
        switch self.state.resumption(StateFile.output()) {
        case .goOn(let position): self.position = position
        case .cut(let length, let position):
            try StateFile.cutOutput(to: length)
            self.position = position
        }
        self.state.position = self.position
        self.state.pending = nil
        self.state.output = StateFile.output()
        // An unwritable file is told now, and not after the first record.
        try self.file.save(self.state)
    }

    /// `bytes` are about to be written, and the feed stands there with them.
    mutating func willWrite(_ bytes: Int, _ position: Position) throws(FreshetError) {
        self.state.output = StateFile.output()
        self.state.pending = WatchState.Pending(position: position, bytes: Int64(bytes))
        try self.file.save(self.state)
    }

    /// They have been written. In a regular file that can be seen, so it need not be said at once.
    mutating func wrote(_ position: Position) throws(FreshetError) {
        self.state.position = position
        self.state.pending = nil
        if self.state.output == nil { try self.file.save(self.state) }
    }

    /// The watch is over, or there was nothing to write.
    mutating func settle(_ position: Position? = nil) throws(FreshetError) {
        self.state.position = position ?? self.state.position
        self.state.pending = nil
        self.state.output = StateFile.output()
        try self.file.save(self.state)
    }
}
