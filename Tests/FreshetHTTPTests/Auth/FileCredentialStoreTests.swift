// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetHTTP
import Testing

/// Credentials in files: who can read them, and what is left after a crash.
@Suite(.timeLimit(.minutes(1)))
final class FileCredentialStoreTests: Sendable {
    private let root: String
    private let store: FileCredentialStore
    private let file: String

    init() throws {
        self.root = FileManager.default.temporaryDirectory.path + "/freshet-\(UUID().uuidString)"
        self.store = try FileCredentialStore(directory: self.root + "/state/credentials")
        self.file = try self.store.path(of: "api.example.com")
    }

    deinit { try? FileManager.default.removeItem(atPath: self.root) }

    private func mode(_ path: String) throws -> Int {
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
        return try #require(mode).intValue
    }

    private func inode(_ path: String) throws -> UInt64 {
        try #require(
            try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? NSNumber
        ).uint64Value
    }

    private func chmod(_ path: String, _ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: NSNumber(value: mode)], ofItemAtPath: path)
    }

    private func save(_ text: String = "secret") async throws {
        try await self.store.save(Array(text.utf8), as: "api.example.com")
    }

    private func refusal() async -> FreshetError? {
        await #expect(throws: FreshetError.self) { try await self.store.load("api.example.com") }
    }

    @Test("What is saved is loaded, replaced and cleared; the file has mode 0600, its directory 0700")
    func roundTrip() async throws {
        #expect(try await self.store.load("api.example.com") == nil)
        try await self.save("one")
        try await self.save("two")
        #expect(try await self.store.load("api.example.com") == Array("two".utf8))
        #expect(try self.mode(self.file) == 0o600)
        #expect(try self.mode(self.store.directory) == 0o700)
        #expect(try FileManager.default.contentsOfDirectory(atPath: self.store.directory) == ["api.example.com.json"])
        try await self.store.clear("api.example.com")
        try await self.store.clear("api.example.com")
        #expect(try await self.store.load("api.example.com") == nil)
    }

    @Test(
        "A file that others can read is refused, with the chmod to run",
        arguments: [0o644, 0o640, 0o604, 0o660, 0o601]
    )
    func othersCanRead(_ mode: Int) async throws {
        try await self.save()
        try self.chmod(self.file, mode)
        let error = await self.refusal()
        #expect(error?.kind == .credentials)
        #expect(error?.message == "the credential file \(self.file) can be read by others")
        #expect(error?.hint == "chmod 600 \(self.file)")
        // The hint is right.
        try self.chmod(self.file, 0o600)
        #expect(try await self.store.load("api.example.com") == Array("secret".utf8))
    }

    @Test("The chmod to run is right for a path with a space and a quote in it")
    func quoted() async throws {
        let store = try FileCredentialStore(directory: self.root + "/it's here")
        try await store.save([1], as: "a")
        let path = try store.path(of: "a")
        try self.chmod(path, 0o644)
        let error = await #expect(throws: FreshetError.self) { try await store.load("a") }
        let command = try #require(error?.hint)
        #expect(command == #"chmod 600 '\#(self.root)/it'\''s here/a.json'"#)
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = ["-c", command]
        let (ended, end) = AsyncStream<Void>.makeStream()
        shell.terminationHandler = { _ in end.finish() }
        try shell.run()
        for await _ in ended {}
        #expect(try await store.load("a") == [1])
    }

    @Test("A link is refused, also one to a good file; saving replaces the link and not what it leads to")
    func link() async throws {
        try await self.save()
        let target = self.root + "/elsewhere"
        try FileManager.default.moveItem(atPath: self.file, toPath: target)
        try FileManager.default.createSymbolicLink(atPath: self.file, withDestinationPath: target)
        let error = await self.refusal()
        #expect(error?.message.contains("is a symbolic link") == true)
        try await self.save("new")
        #expect(try await self.store.load("api.example.com") == Array("new".utf8))
        #expect(try String(contentsOfFile: target, encoding: .utf8) == "secret")
    }

    @Test("A file of another user is refused")
    func otherOwner() async throws {
        try await self.save()
        guard geteuid() == 0 else {
            print("not root: that a file of another user is refused was not tested")
            return
        }
        #expect(chown(self.file, 12_345, 12_345) == 0)
        let error = await self.refusal()
        #expect(error?.message.contains("belongs to another user (number 12345)") == true)
    }

    @Test("What is not a file, or too large, is refused, and nobody waits for a pipe")
    func notAFile() async throws {
        try await self.save()
        try FileManager.default.removeItem(atPath: self.file)
        #expect(mkfifo(self.file, 0o600) == 0)
        #expect(await self.refusal()?.message.contains("is not a file") == true)
        try FileManager.default.removeItem(atPath: self.file)
        try Data(count: 2 << 20).write(to: URL(filePath: self.file))
        try self.chmod(self.file, 0o600)
        #expect(await self.refusal()?.message.contains("larger than 1 MiB") == true)
    }

    @Test("A directory that others may write to is refused, with the chmod to run")
    func openDirectory() async throws {
        try await self.save()
        try self.chmod(self.store.directory, 0o777)
        let error = await #expect(throws: FreshetError.self) { try await self.save("new") }
        #expect(error?.hint == "chmod 700 \(self.store.directory)")
    }

    @Test(
        "The old file is never written to: a crash between write and rename leaves it, and clearing finds the rest",
        arguments: ["state/credentials", String(repeating: "ю", count: 40)]
    )
    func crash(_ directory: String) async throws {
        let store = try FileCredentialStore(directory: "\(self.root)/\(directory)")
        try await store.save(Array("old".utf8), as: "api.example.com")
        let file = try store.path(of: "api.example.com")
        let before = try self.inode(file)
        // What a writer leaves that died before its rename.
        let rest = store.directory + "/.api.example.com.json.new-1a2b3c"
        try Data("half a sec".utf8).write(to: URL(filePath: rest))
        #expect(try await store.load("api.example.com") == Array("old".utf8))
        try await store.save(Array("new".utf8), as: "api.example.com")
        #expect(try self.inode(file) != before)
        try await store.clear("api.example.com")
        #expect(try FileManager.default.contentsOfDirectory(atPath: store.directory).isEmpty)
    }

    @Test("Clearing a name leaves everything else in the directory, also where its path has letters of several bytes")
    func clearsItsOwn() async throws {
        let store = try FileCredentialStore(directory: self.root + "/" + String(repeating: "ю", count: 40))
        try await store.save([1], as: "a")
        try await store.save([2], as: "b")
        let other = store.directory + "/.somebody-else's"
        try Data("kept".utf8).write(to: URL(filePath: other))
        try await store.clear("a")
        #expect(try await store.load("a") == nil)
        #expect(try await store.load("b") == [2])
        #expect(try String(contentsOfFile: other, encoding: .utf8) == "kept")
    }

    @Test("A save that fails leaves the old file, and nothing beside it")
    func failedSave() async throws {
        // A directory in the file's place cannot be replaced by a file.
        try await self.save()
        try FileManager.default.removeItem(atPath: self.file)
        try FileManager.default.createDirectory(atPath: self.file + "/x", withIntermediateDirectories: true)
        let error = await #expect(throws: FreshetError.self) { try await self.save("new") }
        #expect(error?.kind == .credentials)
        #expect(error?.message.contains("cannot be replaced") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: self.store.directory) == ["api.example.com.json"])
    }

    @Test("Saves and loads at the same time: what is loaded was saved, and is whole")
    func concurrent() async throws {
        let sizes = [10, 1000, 100_000]
        try await self.store.save([UInt8](repeating: 0, count: sizes[0]), as: "api.example.com")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<60 {
                group.addTask {
                    let bytes = [UInt8](repeating: UInt8(number), count: sizes[number % 3])
                    try await self.store.save(bytes, as: "api.example.com")
                }
                group.addTask {
                    let bytes = try #require(try await self.store.load("api.example.com"))
                    #expect(sizes.contains(bytes.count) && Set(bytes).count == 1)
                }
            }
            try await group.waitForAll()
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: self.store.directory) == ["api.example.com.json"])
    }

    @Test(
        "A name stays in the directory",
        arguments: [
            ("../../etc/passwd", "%2e./..%2fetc"), ("a/b", "a%2fb"), (".hidden", "%2ehidden"), ("ä", "%c3%a4"),
        ]
    )
    func names(_ name: String, _ expected: String) throws {
        let path = try self.store.path(of: name)
        #expect(path.hasPrefix(self.store.directory + "/"))
        #expect(!path.dropFirst(self.store.directory.count + 1).contains("/"))
        if !name.hasPrefix("..") { #expect(path == "\(self.store.directory)/\(expected).json") }
    }

    @Test("Names and directories that cannot be are refused")
    func bad() throws {
        for name in ["", String(repeating: "x", count: 201)] {
            let error = #expect(throws: FreshetError.self) { try self.store.path(of: name) }
            #expect(error?.kind == .invalidInput)
        }
        let error = #expect(throws: FreshetError.self) { try FileCredentialStore(directory: "relative") }
        #expect(error?.kind == .invalidInput)
    }

    @Test("A session refuses such a file too, with the hint")
    func session() async throws {
        try await SessionHarness(store: self.store).session.login(.test(1))
        let file = try self.store.path(of: "default")
        #expect(try self.mode(file) == 0o600)
        #expect(try await SessionHarness(store: self.store).token() == "token-1")
        try self.chmod(file, 0o644)
        let error = await #expect(throws: FreshetError.self) { try await SessionHarness(store: self.store).token() }
        #expect(error?.hint == "chmod 600 \(file)")
    }
}
