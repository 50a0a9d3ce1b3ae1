// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// An unlocked keyring on a D-Bus of this process's own. Only for a process that has not spoken to one yet.
final class Keyring {
    private static let daemon = "/usr/bin/gnome-keyring-daemon"
    private static let bus = "/usr/bin/dbus-daemon"

    /// Whether there is all that it needs: `apt-get install libsecret-1-0 gnome-keyring dbus`.
    static var isInstalled: Bool {
        let libraries = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"]
        return FileManager.default.isExecutableFile(atPath: self.daemon)
            && FileManager.default.isExecutableFile(atPath: self.bus)
            && libraries.contains { FileManager.default.fileExists(atPath: $0 + "/libsecret-1.so.0") }
    }

    static func skip() {
        print("SKIPPED: no gnome-keyring, dbus-daemon or libsecret here: SecretServiceStore was not tested")
    }

    private let root: String
    private let bus: Process

    init() throws {
        self.root = FileManager.default.temporaryDirectory.path + "/freshet-keyring-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: self.root,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: NSNumber(value: 0o700)]
        )
        for name in ["HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"] { setenv(name, self.root, 1) }
        let address = "unix:path=\(self.root)/bus"
        setenv("DBUS_SESSION_BUS_ADDRESS", address, 1)
        // It prints its address when it listens there.
        let bus = try Self.start(
            Self.bus,
            ["--session", "--nofork", "--nopidfile", "--print-address=1", "--address=\(address)"]
        )
        self.bus = bus.process
        #expect(!bus.output.availableData.isEmpty, "\(Self.bus) said nothing")
        // It takes the password, closes its output, goes into the background, and ends with its bus.
        let daemon = try Self.start(Self.daemon, ["--unlock", "--components=secrets"], input: "password")
        _ = try daemon.output.readToEnd()
        for _ in 0..<1000 where try !Self.isThere() {}
        #expect(try Self.isThere(), "\(Self.daemon) does not answer")
    }

    private static func isThere() throws -> Bool {
        let name = "string:org.freedesktop.secrets"
        let question = ["--session", "--print-reply=literal", "--dest=org.freedesktop.DBus", "/"]
        let asking = try self.start(
            "/usr/bin/dbus-send",
            question + ["org.freedesktop.DBus.NameHasOwner", name]
        )
        let answer = try asking.output.readToEnd() ?? Data()
        return String(decoding: answer, as: UTF8.self).contains("true")
    }

    @discardableResult
    private static func start(
        _ path: String,
        _ arguments: [String],
        input: String? = nil
    ) throws -> (process: Process, output: FileHandle) {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        let (inputPipe, outputPipe) = (Pipe(), Pipe())
        process.standardInput = inputPipe
        process.standardOutput = outputPipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        if let input { try inputPipe.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
        try inputPipe.fileHandleForWriting.close()
        return (process, outputPipe.fileHandleForReading)
    }

    /// Nobody is there to unlock it again.
    func lock() throws {
        let collection = "/org/freedesktop/secrets/aliases/default"
        let asking = try Self.start(
            "/usr/bin/dbus-send",
            [
                "--session", "--print-reply=literal", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets",
                "org.freedesktop.Secret.Service.Lock", "array:objpath:\(collection)",
            ]
        )
        let answer = try asking.output.readToEnd() ?? Data()
        #expect(String(decoding: answer, as: UTF8.self).contains(collection), "the keyring was not locked")
    }

    func stop() {
        kill(self.bus.processIdentifier, SIGKILL)
        self.bus.waitUntilExit()
        try? FileManager.default.removeItem(atPath: self.root)
    }
}
