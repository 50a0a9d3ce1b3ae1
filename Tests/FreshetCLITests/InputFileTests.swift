// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetTransport
import Testing

@testable import FreshetCLI

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

struct InputFileTests {
    /// A pipe that has these bytes and then ends, as long as `body` runs: they must fit into its buffer.
    private func withPipe<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        var ends: [Int32] = [-1, -1]
        let made = pipe(&ends)
        try #require(made == 0)
        defer { close(ends[0]) }
        let count = bytes.withUnsafeBytes { write(ends[1], $0.baseAddress, $0.count) }
        close(ends[1])
        try #require(count == bytes.count)
        return try body("/dev/fd/\(ends[0])")
    }

    private func failure(_ body: () throws -> Void) throws -> FreshetError {
        try #require(#expect(throws: FreshetError.self) { try body() })
    }

    @Test("A pipe is read until it ends")
    func pipes() throws {
        #expect(try self.withPipe(Array("é\n".utf8)) { try InputFile.text($0) } == "é\n")
        #expect(try self.withPipe([]) { try InputFile.bytes($0) } == [])
        let bytes = (0..<4000).map { UInt8(truncatingIfNeeded: $0) }
        #expect(try self.withPipe(bytes) { try InputFile.bytes($0) } == bytes)
    }

    @Test("Documents, headers and passwords come from pipes as well")
    func callers() throws {
        let query = "subscription { a }"
        #expect(try self.withPipe(Array(query.utf8)) { try WatchInput.document(query: nil, file: $0) } == query)
        let headers = try self.withPipe(Array("X-A: 1\nX-B: 2\n".utf8)) { try WatchInput.headers(["@\($0)"]) }
        #expect(headers.map(\.name) == ["X-A", "X-B"])
        #expect(try self.withPipe(Array("lovelace\n".utf8)) { try Password.read(file: $0, for: "ada") } == "lovelace")
    }

    @Test("A regular file of many pieces comes whole")
    func large() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "freshet-\(UUID().uuidString)")
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        try Data(bytes).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        #expect(try InputFile.bytes(url.path) == bytes)
    }

    @Test("What never ends is not read for ever")
    func limit() throws {
        let error = try self.failure { _ = try InputFile.bytes("/dev/zero", limit: 100_000) }
        #expect(error.message == "the file /dev/zero has more than 100000 bytes")
        #expect(try self.withPipe([1, 2, 3]) { try InputFile.bytes($0, limit: 3) } == [1, 2, 3])
    }

    @Test("What cannot be read is named, with the reason; a folder too")
    func missing() throws {
        let missing = try self.failure { _ = try InputFile.bytes("/nowhere/at.all") }
        #expect(missing.kind == .invalidInput && missing.hint != nil)
        #expect(missing.message == "the file /nowhere/at.all cannot be read: No such file or directory")
        let folder = try self.failure { _ = try InputFile.text("/") }
        #expect(folder.message == "the file / cannot be read: Is a directory")
    }
}
