// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetHTTP
import Testing

/// A real keyring: gnome-keyring on a D-Bus of the test's own, by libsecret. In processes of their own, because
/// libsecret takes its bus from the environment, once.
@Suite(.timeLimit(.minutes(2)))
struct SecretServiceTests {
    @Test("Bytes are saved, loaded, replaced and cleared, and belong to their names")
    func roundTrip() async throws {
        guard Keyring.isInstalled else { return Keyring.skip() }
        await #expect(processExitsWith: .success) {
            let keyring = try Keyring()
            defer { keyring.stop() }
            let store = SecretServiceStore(application: "freshet-test")
            #expect(try await store.load("a") == nil)
            let bytes: [UInt8] = [0, 1, 255, 10, 0]
            try await store.save(bytes, as: "a")
            try await store.save([2], as: "b")
            #expect(try await store.load("a") == bytes)
            try await store.save([3], as: "a")
            #expect(try await store.load("a") == [3])
            #expect(try await SecretServiceStore(application: "other").load("a") == nil)
            try await store.clear("a")
            try await store.clear("a")
            #expect(try await store.load("a") == nil)
            #expect(try await store.load("b") == [2])
        }
    }

    @Test("A session goes on from the keyring, and many calls at once do it no harm")
    func session() async throws {
        guard Keyring.isInstalled else { return Keyring.skip() }
        await #expect(processExitsWith: .success) {
            let keyring = try Keyring()
            defer { keyring.stop() }
            let store = SecretServiceStore(application: "freshet-test")
            try await SessionHarness(store: store).session.login(.test(1))
            #expect(try await SessionHarness(store: store).token() == "token-1")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        try await store.save([UInt8(number)], as: "\(number)")
                        #expect(try await store.load("\(number)") == [UInt8(number)])
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("What a locked keyring keeps is told: it was not cleared")
    func locked() async throws {
        guard Keyring.isInstalled else { return Keyring.skip() }
        await #expect(processExitsWith: .success) {
            let keyring = try Keyring()
            defer { keyring.stop() }
            let store = SecretServiceStore(application: "freshet-test")
            try await store.save([1], as: "a")
            try keyring.lock()
            let error = await #expect(throws: FreshetError.self) { try await store.clear("a") }
            #expect(error?.kind == .credentials)
            #expect(error?.message.contains("locked") == true)
            try await store.clear("b")
        }
    }

    @Test("Without a D-Bus session, or without libsecret, it is a typed error that says which, and the file serves")
    func noSession() async {
        await #expect(processExitsWith: .success) {
            let root = FileManager.default.temporaryDirectory.path + "/freshet-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: root) }
            setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1)
            setenv("XDG_STATE_HOME", root, 1)
            let error = await #expect(throws: FreshetError.self) { try await SecretServiceStore().load("a") }
            #expect(error?.kind == .credentials)
            #expect(
                error?.message.hasPrefix("the keyring cannot be used: ") == true
                    || error?.message.contains("libsecret-1.so.0 is not installed") == true
            )
            let store = try SystemCredentialStore()
            try await store.save([1], as: "a")
            #expect(try await store.load("a") == [1])
            #expect(FileManager.default.fileExists(atPath: root + "/freshet/credentials/a.json"))
            // Nothing can be left in a keyring that is not there.
            try await store.clear("a")
            #expect(try await store.load("a") == nil)
        }
    }
}
