// SPDX-License-Identifier: Apache-2.0

import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A file that only its owner may read, and that is never there in part. Its calls block.
struct SecretFile: Sendable {
    let path: String

    private static let largest = 1 << 20

    private var directory: String { String(self.path[..<(self.path.lastIndex(of: "/") ?? self.path.endIndex)]) }

    /// - Returns: what is in it; nil when there is none.
    func read() throws(FreshetError) -> [UInt8]? {
        // Not through a link, and not waiting for somebody to write into a pipe.
        let file = unsafe open(self.path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR: return nil
            case ELOOP: throw self.refusal("is a symbolic link", hint: "put the file itself there: rm \(self.quoted)")
            default: throw self.failure("cannot be opened")
            }
        }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw self.failure("cannot be examined") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw self.refusal("is not a file", hint: nil) }
        guard status.st_uid == geteuid() else {
            throw self.refusal(
                "belongs to another user (number \(status.st_uid))",
                hint: "run as that user, or sign in again after: rm \(self.quoted)"
            )
        }
        guard status.st_mode & 0o077 == 0 else {
            throw self.refusal("can be read by others", hint: "chmod 600 \(self.quoted)")
        }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count <= Self.largest {
            let size = unsafe part.withUnsafeMutableBytes { unsafe Self.read(file, into: $0) }
            guard size >= 0 else { throw self.failure("cannot be read") }
            if size == 0 { return bytes }
            bytes += part.prefix(size)
        }
        throw self.refusal("is larger than 1 MiB", hint: "these are no credentials: rm \(self.quoted)")
    }

    /// Replaces it: a new file beside it, with its bytes on the disk, takes its name.
    func write(_ bytes: [UInt8]) throws(FreshetError) {
        guard bytes.count <= Self.largest else {
            throw FreshetError(.invalidInput, "credentials have 1 MiB at most")
        }
        try self.prepareDirectory()
        let temporary = self.temporary(UInt64.random(in: 0 ... .max))
        let file = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600 as mode_t)
        guard file >= 0 else { throw self.failure("cannot be written") }
        do throws(FreshetError) {
            // Whatever the process's umask took away.
            guard fchmod(file, 0o600) == 0, Self.writeAll(bytes, to: file), fsync(file) == 0 else {
                throw self.failure("cannot be written")
            }
        } catch {
            close(file)
            _ = unsafe unlink(temporary)
            throw error
        }
        close(file)
        guard unsafe rename(temporary, self.path) == 0 else {
            let error = self.failure("cannot be replaced")
            _ = unsafe unlink(temporary)
            throw error
        }
        self.syncDirectory()
    }

    /// Removes it, and what writers that crashed have left beside it.
    func remove() throws(FreshetError) {
        guard unsafe unlink(self.path) == 0 || errno == ENOENT || errno == ENOTDIR else {
            throw self.failure("cannot be removed")
        }
        guard let entries = unsafe opendir(self.directory) else { return }
        defer { unsafe closedir(entries) }
        while let entry = unsafe readdir(entries) {
            let name = unsafe Self.name(of: entry)
            if name.hasPrefix(self.temporaryPrefix) { _ = unsafe unlink("\(self.directory)/\(name)") }
        }
        self.syncDirectory()
    }

    // MARK: - The directory

    private func prepareDirectory() throws(FreshetError) {
        var path = ""
        for part in self.directory.split(separator: "/") {
            path += "/\(part)"
            guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST || errno == EROFS || errno == EACCES else {
                throw self.failure("has no directory, and it cannot be made")
            }
        }
        var status = stat()
        guard unsafe stat(self.directory, &status) == 0 else {
            throw self.failure("has no directory, and it cannot be made")
        }
        // Who may write there may put another file in the place of this one.
        guard status.st_uid == geteuid() || status.st_uid == 0, status.st_mode & 0o022 == 0 else {
            throw self.refusal(
                "is in a directory that others may write to",
                hint: "chmod 700 \(Self.quote(self.directory))"
            )
        }
    }

    /// So that the new name, too, is on the disk. Where that cannot be done, nothing is lost but a crash's worth.
    private func syncDirectory() {
        let directory = unsafe open(self.directory, O_RDONLY | O_CLOEXEC)
        guard directory >= 0 else { return }
        _ = fsync(directory)
        close(directory)
    }

    /// Of names in the directory.
    private var temporaryPrefix: String { ".\(self.path.split(separator: "/").last ?? "").new-" }

    private func temporary(_ number: UInt64) -> String {
        "\(self.directory)/\(self.temporaryPrefix)\(String(number, radix: 36))"
    }

    // MARK: - Bytes and names

    // Proof for unsafe: the pointer and the size are those of one buffer, which outlives the call.
    private static func read(_ file: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        while true {
            #if canImport(Darwin)
            let size = unsafe Darwin.read(file, buffer.baseAddress, buffer.count)
            #else
            let size = unsafe Glibc.read(file, buffer.baseAddress, buffer.count)
            #endif
            if size >= 0 || errno != EINTR { return size }
        }
    }

    // Proof for unsafe: `rest` is what of the array is not written yet, and the array outlives the call.
    private static func writeAll(_ bytes: [UInt8], to file: Int32) -> Bool {
        unsafe bytes.withUnsafeBytes { buffer in
            var rest = unsafe buffer[...]
            while unsafe !rest.isEmpty {
                let part = unsafe UnsafeRawBufferPointer(rebasing: rest)
                #if canImport(Darwin)
                let size = unsafe Darwin.write(file, part.baseAddress, part.count)
                #else
                let size = unsafe Glibc.write(file, part.baseAddress, part.count)
                #endif
                if size < 0, errno == EINTR { continue }
                guard size > 0 else { return false }
                unsafe rest = unsafe rest.dropFirst(size)
            }
            return true
        }
    }

    // Proof for unsafe: `d_name` ends with a zero, and is read before the next call of readdir.
    private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
        unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
            unsafe String(cString: UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self))
        }
    }

    // MARK: - Errors

    private func refusal(_ what: String, hint: String?) -> FreshetError {
        FreshetError(.credentials, "the credential file \(self.path) \(what)", hint: hint)
    }

    private func failure(_ what: String) -> FreshetError {
        let number = errno
        let why = unsafe String(cString: strerror(number))
        return FreshetError(.credentials, "the credential file \(self.path) \(what): \(why)")
    }

    private var quoted: String { Self.quote(self.path) }

    /// As a shell wants it.
    private static func quote(_ path: String) -> String {
        let isPlain = path.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"):
                true
            default: "/-_.@%+,:".utf8.contains(byte)
            }
        }
        if isPlain { return path }
        return "'" + path.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}
