// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetCore
import FreshetFirebase
import FreshetHTTP
import Testing

/// Sessions of service accounts and of Firebase's users, from a stand-in for Google's token endpoints to the Firestore emulator.
@Suite(.timeLimit(.minutes(2)))
struct GoogleTokensTests {
    /// A key file of a service account, made for one test, and the stand-in that knows the account.
    private final class World {
        let certificates: Certificates
        let project = "p-\(UUID().uuidString.lowercased())"
        let file: URL
        private(set) var url = ""
        private var server: Program?

        init(algorithm: [String] = ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]) async throws {
            self.certificates = try Certificates()
            self.file = self.certificates.folder.appending(path: "account.json")
            let key = self.certificates.folder.appending(path: "account.key")
            let made = try await Program(
                "/usr/bin/env",
                ["openssl", "genpkey", "-algorithm"] + algorithm + ["-out", key.path]
            ).result()
            try #require(made.status == 0, "openssl could not make a key: \(made.errors)")
            try self.write(key: try String(contentsOf: key, encoding: .utf8))
        }

        func write(key: String?, _ change: (inout [String: String]) -> Void = { _ in }) throws {
            var fields = [
                "type": "service_account", "project_id": "my-app", "private_key_id": "k1",
                "token_uri": "\(self.url)/token",
                "client_email": "robot@my-app.iam.gserviceaccount.com",
            ]
            fields["private_key"] = key
            change(&fields)
            try JSONEncoder().encode(fields).write(to: self.file)
        }

        /// The port is known when it runs, and the account's file has it in it.
        func start() async throws {
            let key = try JSONDecoder().decode([String: String].self, from: Data(contentsOf: self.file))["private_key"]
            let port = try Middle.freePort()
            self.url = "http://127.0.0.1:\(port)"
            try self.write(key: key)
            let (server, url) = try await Program.listening(
                "Tests/InteropTests/Servers/google_tokens.py",
                [self.file.path, self.project, "\(port)"]
            )
            try #require(url == self.url)
            self.server = server
        }

        func account() throws -> GoogleServiceAccount {
            try GoogleServiceAccount(json: try Data(contentsOf: self.file))
        }

        deinit { self.server?.stop() }
    }

    @Test("A service account signs in as Google's own library has it, and its session opens Firestore")
    func serviceAccount() async throws {
        let world = try await World()
        try await world.start()
        let http = HTTPClient.fresh(world.url)
        let authenticator = try ServiceAccountAuthenticator(
            try world.account(),
            send: { call throws(FreshetError) in try await http.send(call) }
        )
        let session = AuthSession(authenticator)
        try await session.login(())
        let credential = try await session.validCredential()
        #expect(credential.accessToken == "owner")
        guard let emulator = try await FirestoreEmulator.start() else { return }
        try await emulator.setRules("match /{x=**} { allow read, write: if false; }", project: world.project)
        let firestore = emulator.firestore(project: world.project) { $0.credentials = session.provider() }
        try await firestore.document("a/b").set(["n": 1])
        #expect(try await firestore.document("a/b").get()["n"] == 1)
    }

    @Test("With another key it is not signed in")
    func wrongKey() async throws {
        let (world, other) = (try await World(), try await World())
        try await world.start()
        let key = try JSONDecoder().decode([String: String].self, from: Data(contentsOf: other.file))["private_key"]
        try world.write(key: key)
        let http = HTTPClient.fresh(world.url)
        let authenticator = try ServiceAccountAuthenticator(
            try world.account(),
            send: { call throws(FreshetError) in try await http.send(call) }
        )
        let error = await #expect(throws: FreshetError.self) { try await authenticator.login(()) }
        #expect(error?.kind == .unauthorized)
        #expect(error?.message.contains("invalid_grant") == true)
    }

    @Test("What is no key file is refused when it is read, and no text has the key in it")
    func badFiles() async throws {
        let world = try await World()
        #expect(!"\(try world.account()) \(String(reflecting: try world.account()))".contains("PRIVATE"))
        let good = try JSONDecoder().decode([String: String].self, from: Data(contentsOf: world.file))["private_key"]
        for key in [nil, "", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            try world.write(key: key)
            let error = #expect(throws: FreshetError.self) { try world.account() }
            #expect(error?.kind == .invalidInput)
        }
        for (name, value) in [("client_email", ""), ("type", "authorized_user")] {
            try world.write(key: good) { $0[name] = value }
            let error = #expect(throws: FreshetError.self) { try world.account() }
            #expect(error?.kind == .invalidInput)
        }
        #expect(throws: FreshetError.self) { try GoogleServiceAccount(json: Array("[]".utf8)) }
        let elliptic = try await World(algorithm: ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
        let error = #expect(throws: FreshetError.self) { try elliptic.account() }
        #expect(error?.message == "the private key is no RSA key")
        // Not asked for at the terminal.
        let locked = try await World(algorithm: ["RSA", "-aes128", "-pass", "pass:x"])
        #expect(throws: FreshetError.self) { try locked.account() }
    }

    @Test("A user signs in, the rules know the user, and the ID token is renewed by the secure token service")
    func user() async throws {
        let world = try await World()
        try await world.start()
        let authenticator = FirebaseAuthenticator(
            apiKey: "api-key",
            tokenServer: world.url,
            accountServer: world.url,
            client: HTTPClient.fresh(world.url)
        )
        let session = AuthSession(authenticator)
        let wrong = await #expect(throws: FreshetError.self) {
            try await session.login(.password(email: "ada@example.com", password: "wrong"))
        }
        #expect(wrong?.kind == .unauthorized)
        #expect(wrong?.message.contains("INVALID_LOGIN_CREDENTIALS") == true)
        try await session.login(.password(email: "ada@example.com", password: "password"))
        let lease = try await session.lease()
        #expect(lease.credential.refreshToken == "refresh-ada")
        #expect(try JSONWebToken(lease.credential.accessToken).subject == "ada")
        let renewed = try await session.lease(after: lease)
        #expect(renewed.generation > lease.generation)
        #expect(try JSONWebToken(renewed.credential.accessToken).subject == "ada")
        let key = FirebaseAuthenticator(
            apiKey: "other",
            tokenServer: world.url,
            accountServer: world.url,
            client: HTTPClient.fresh(world.url)
        )
        let refused = await #expect(throws: FreshetError.self) { try await key.refresh(lease.credential) }
        #expect(refused?.kind == .rejected(status: 400))
        let gone = await #expect(throws: FreshetError.self) {
            try await authenticator.refresh(BearerToken(accessToken: "x", refreshToken: "gone"))
        }
        #expect(gone?.kind == .unauthorized)
        guard let emulator = try await FirestoreEmulator.start() else { return }
        let rules = "match /users/{u} { allow read, write: if request.auth.uid == u; }"
        try await emulator.setRules(rules, project: world.project)
        let firestore = emulator.firestore(project: world.project) { $0.credentials = session.provider() }
        try await firestore.document("users/ada").set(["n": 1])
        let other = await #expect(throws: FreshetError.self) { try await firestore.document("users/bob").get() }
        #expect(other?.kind == .forbidden)
    }
}
