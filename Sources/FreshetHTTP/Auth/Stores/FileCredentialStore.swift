// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import FreshetCore

/// Credentials in files that only this user can read: one for each name, mode 0600, in a directory with mode 0700.
///
/// A file is replaced as a whole, so a crash leaves the old one or the new one. One that others can read, that somebody
/// else owns, or that is a link is refused, with the command that sets it right. The bytes are not encrypted: whoever
/// is root, or reads the disk, has them.
public struct FileCredentialStore: CredentialStore {
    /// Where the files are.
    public let directory: String

    /// Files in `$XDG_STATE_HOME/freshet/credentials`, or in `~/.local/state/freshet/credentials` when that is not set.
    ///
    /// - Throws: `.credentials` when there is neither `XDG_STATE_HOME` nor `HOME`.
    public init() throws(FreshetError) {
        let environment = ProcessInfo.processInfo.environment
        // A relative one is to be ignored, says the XDG Base Directory Specification.
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
            try self.init(directory: state + "/freshet/credentials")
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            try self.init(directory: home + "/.local/state/freshet/credentials")
        } else {
            throw FreshetError(
                .credentials,
                "there is no place for credentials: neither XDG_STATE_HOME nor HOME is set",
                hint: "set HOME, or name a directory"
            )
        }
    }

    /// Files in a directory, which is made when there is something to save.
    ///
    /// - Parameter directory: its path, from the root.
    /// - Throws: `.invalidInput` for a path that is not from the root.
    public init(directory: String) throws(FreshetError) {
        guard directory.hasPrefix("/"), !directory.utf8.contains(0) else {
            throw FreshetError(.invalidInput, "a directory for credentials is a path from the root (/…)")
        }
        self.directory = directory
    }

    /// The file of a name.
    ///
    /// - Parameter name: the name; whatever is not a letter, a digit, or one of `-_.@` is written as `%` and two
    ///   digits.
    /// - Returns: its path.
    /// - Throws: `.invalidInput` for a name that is empty or too long.
    public func path(of name: String) throws(FreshetError) -> String {
        var file = ""
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "@"):
                file.unicodeScalars.append(Unicode.Scalar(byte))
            // The first dot would hide the file, or mean a directory.
            case UInt8(ascii: ".") where !file.isEmpty: file += "."
            default: file += byte < 16 ? "%0\(String(byte, radix: 16))" : "%\(String(byte, radix: 16))"
            }
        }
        guard !file.isEmpty, file.utf8.count <= 200 else {
            throw FreshetError(.invalidInput, "a name of credentials has 1 to 200 characters as a file's name")
        }
        return "\(self.directory)/\(file).json"
    }

    /// What is in the file of a name.
    public func load(_ name: String) async throws(FreshetError) -> [UInt8]? {
        let file = SecretFile(path: try self.path(of: name))
        return try await Blocking.run { Result { () throws(FreshetError) in try file.read() } }
    }

    /// Replaces the file of a name.
    public func save(_ bytes: [UInt8], as name: String) async throws(FreshetError) {
        let file = SecretFile(path: try self.path(of: name))
        try await Blocking.run { Result { () throws(FreshetError) in try file.write(bytes) } }
    }

    /// Removes the file of a name, and what a crash may have left of it.
    public func clear(_ name: String) async throws(FreshetError) {
        let file = SecretFile(path: try self.path(of: name))
        try await Blocking.run { Result { () throws(FreshetError) in try file.remove() } }
    }
}
