// SPDX-License-Identifier: Apache-2.0

import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A file that the command line names for its content: a regular one, a pipe, whatever can be opened; `-` is stdin.
enum InputFile {
    /// Nothing that the command line takes is larger, and some devices never end.
    static let limit = 256 << 20

    /// The whole of it as text.
    static func text(_ path: String) throws(FreshetError) -> String {
        guard let text = String(validating: try Self.bytes(path), as: UTF8.self) else {
            throw FreshetError(.invalidInput, "\(Self.name(path)) is not text", hint: "text is UTF-8 here")
        }
        return text
    }

    /// The whole of it.
    static func bytes(_ path: String, limit: Int = Self.limit) throws(FreshetError) -> [UInt8] {
        guard path != "-" else { return try Self.rest(of: 0, Self.name(path), limit: limit) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let number = errno
            throw Self.failure(Self.name(path), number)
        }
        defer { close(descriptor) }
        return try Self.rest(of: descriptor, Self.name(path), limit: limit)
    }

    private static func name(_ path: String) -> String { path == "-" ? "stdin" : "the file \(path)" }

    private static func failure(_ name: String, _ number: Int32) -> FreshetError {
        FreshetError(
            .invalidInput,
            "\(name) cannot be read: \(String(cString: strerror(number)))",
            hint: name == "stdin" ? "give it something to read, as in … | freshet" : "is it there, and may you read it?"
        )
    }

    /// A pipe has no length beforehand: it is read until it ends.
    private static func rest(of descriptor: Int32, _ name: String, limit: Int) throws(FreshetError) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = piece.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes += piece[..<count]
                guard bytes.count <= limit else {
                    throw FreshetError(.invalidInput, "\(name) has more than \(limit) bytes", hint: "give less")
                }
            } else if count == 0 {
                return bytes
            } else if errno == EAGAIN {
                var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                poll(&ready, 1, -1)
            } else if errno != EINTR {
                throw Self.failure(name, errno)
            }
        }
    }
}
