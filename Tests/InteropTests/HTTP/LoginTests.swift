// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetHTTP
import Testing

/// `freshet login`, what it makes of `get` and `watch`, and `freshet logout`, with the example's backend.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct LoginTests {
    /// A home of its own, without a keyring.
    private final class Home {
        let folder: URL

        init() throws {
            self.folder = FileManager.default.temporaryDirectory.appending(path: "freshet-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
            try self.write("lovelace\n", to: "password")
            try self.write("babbage\n", to: "wrong")
        }

        deinit { try? FileManager.default.removeItem(at: self.folder) }

        func write(_ text: String, to name: String) throws {
            try Data(text.utf8).write(to: self.folder.appending(path: name))
        }

        func path(_ name: String) -> String { self.folder.appending(path: name).path }

        func freshet(_ arguments: String...) async throws -> Program.Result {
            let environment = [
                "-i", "HOME=\(self.folder.path)", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent",
                "LD_LIBRARY_PATH=\(ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] ?? "")",
            ]
            return try await Program("/usr/bin/env", environment + [Program.freshetPath] + arguments).result()
        }

        /// Where the tokens are.
        var credentials: URL { self.folder.appending(path: ".local/state/freshet/credentials/freshet-prod.json") }
    }

    private struct Counters: Decodable, Sendable {
        var logins: Int
        var refreshes: Int
    }

    @Test("Signed in once, get and watch renew the token as they need to; signed out, nothing is left")
    func wholeLife() async throws {
        let (backend, url) = try await Program.backend()
        defer { backend.stop() }
        let home = try Home()
        let control = HTTPClient.fresh(url)

        let wrong = try await home.freshet(
            "login",
            "prod",
            "--url",
            url,
            "--user",
            "ada",
            "--password-file",
            home.path("wrong")
        )
        #expect(wrong.status == 4)
        #expect(wrong.errors.count == 1)
        let login = try await home.freshet(
            "login",
            "prod",
            "--url",
            url,
            "--user",
            "ada",
            "--logout-path",
            "auth/logout",
            "--password-file",
            home.path("password")
        )
        #expect(login.status == 0, "\(login.errors)")
        #expect(login.errors == ["freshet: signed in as ada at \(url)"])
        let attributes = try FileManager.default.attributesOfItem(atPath: home.credentials.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)

        let item = try await home.freshet("get", "--profile", "prod", "items/item-1")
        #expect(item.status == 0)
        #expect(item.output.first?.contains("\"item-1\"") == true)

        // 401, renewed once, asked again; the next program goes on with the new token.
        _ = try await control.reply(to: .post, "control/expire-access-tokens")
        for _ in 1...2 { #expect(try await home.freshet("get", "--profile", "prod", "items").status == 0) }
        let counters = try await control.get("control", as: Counters.self)
        #expect(counters.refreshes == 1)

        let watch = try await home.freshet(
            "watch",
            "--profile",
            "prod",
            "graphql",
            "-q",
            "subscription { ticks(every: 20) }",
            "-n",
            "2",
            "-o",
            "raw"
        )
        #expect(watch.status == 0, "\(watch.errors)")
        #expect(watch.output.count == 2)

        let logout = try await home.freshet("logout", "prod")
        #expect(logout.status == 0, "\(logout.errors)")
        #expect(!FileManager.default.fileExists(atPath: home.credentials.path))
        let after = try await home.freshet("get", "--profile", "prod", "items")
        #expect(after.status == 4)
        #expect(after.errors == ["freshet: nobody is signed in · hint: freshet login prod --user NAME"])
    }

    @Test("A credential file that others can read is refused, with the command that sets it right")
    func openFile() async throws {
        let (backend, url) = try await Program.backend()
        defer { backend.stop() }
        let home = try Home()
        _ = try await home.freshet(
            "login",
            "prod",
            "--url",
            url,
            "--user",
            "ada",
            "--password-file",
            home.path("password")
        )
        let path = home.credentials.path
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        let result = try await home.freshet("get", "--profile", "prod", "items")
        #expect(result.status == 4)
        #expect(result.errors.count == 1)
        #expect(result.errors.first?.contains("chmod 600 \(path)") == true, "\(result.errors)")
    }

    @Test("A profile that nobody made is a usage error that says how to make one")
    func noProfile() async throws {
        let home = try Home()
        let result = try await home.freshet("get", "--profile", "prod", "items")
        #expect(result.status == 64)
        #expect(result.errors == ["freshet: there is no profile prod · hint: freshet login prod --url https://…"])
    }
}
