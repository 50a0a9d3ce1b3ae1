// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The file of `--state-file`, and stdout as far as it has to do with it. Its calls block for a moment.
struct StateFile {
    let path: String

    /// What an earlier process left; nil when there is no such file.
    func load(source: String) throws(FreshetError) -> WatchState? {
        guard let state = try self.read() else { return nil }
        guard state.source == source else {
            throw FreshetError(
                .invalidInput,
                "the state file \(self.path) belongs to \(state.source)",
                hint: "give each watch a state file of its own"
            )
        }
        return state
    }

    /// Where the watch stands that the file belongs to, whatever it watches.
    func position() throws(FreshetError) -> Position {
        guard let state = try self.read() else {
            throw FreshetError(
                .invalidInput,
                "there is no state file \(self.path)",
                hint: "freshet watch --state-file makes one"
            )
        }
        if let rest = state.rest {
            throw FreshetError(
                .invalidInput,
                "the state file \(self.path) stands within a state, of which \(rest.count) documents are still to be printed",
                hint: "go on with --state-file, which prints them first"
            )
        }
        guard let position = state.position else {
            throw FreshetError(
                .invalidInput,
                "the state file \(self.path) has no position",
                hint: "its watch had printed nothing yet: begin without --from"
            )
        }
        return position
    }

    private func read() throws(FreshetError) -> WatchState? {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: self.path))
        } catch {
            if access(self.path, F_OK) != 0, errno == ENOENT { return nil }
            throw FreshetError(.invalidInput, "the state file \(self.path) cannot be read")
        }
        guard let state = try? JSONDecoder().decode(WatchState.self, from: data), state.v == 1 else {
            throw FreshetError(
                .invalidInput,
                "the file \(self.path) is not a state file of freshet watch",
                hint: "give another path, or remove it to begin anew"
            )
        }
        return state
    }

    /// Replaces the file as a whole: a process that is killed leaves the old one or the new one.
    func save(_ state: WatchState) throws(FreshetError) {
        let new = self.path + ".new"
        guard let data = try? JSONEncoder().encode(state), Self.replace(data, at: new), rename(new, self.path) == 0
        else {
            throw FreshetError(
                .invalidInput,
                "the state file \(self.path) cannot be written: \(String(cString: strerror(errno)))",
                hint: "its directory must be there, and writable"
            )
        }
    }

    private static func replace(_ data: Data, at path: String) -> Bool {
        // There may be documents in it.
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        let count = data.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        return close(file) == 0 && count == data.count
    }

    /// The regular file that stdout is; nil when it is a pipe, a terminal or the like.
    static func output() -> WatchState.Output? {
        var status = stat()
        guard fstat(1, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return WatchState.Output(
            device: UInt64(status.st_dev),
            inode: UInt64(status.st_ino),
            length: Int64(status.st_size)
        )
    }

    /// Takes what was written in part from the end of stdout.
    static func cutOutput(to length: Int64) throws(FreshetError) {
        guard ftruncate(1, off_t(length)) == 0 else {
            throw FreshetError(.invalidInput, "stdout ends within a record, which cannot be taken away", hint: "use >>")
        }
    }
}
