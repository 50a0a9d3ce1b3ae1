// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetCore
import FreshetFirebase
import FreshetHTTP

/// Google's own emulator of Firestore, on 127.0.0.1. One serves all tests that run at the same time, each with a project of its own.
final class FirestoreEmulator: Sendable {
    private actor Sharing {
        private weak var current: FirestoreEmulator?
        private var starting: Task<FirestoreEmulator?, any Error>?

        func emulator() async throws -> FirestoreEmulator? {
            if let current { return current }
            let task = self.starting ?? Task { try await FirestoreEmulator.launch() }
            self.starting = task
            defer { self.starting = nil }
            let emulator = try await task.value
            self.current = emulator
            return emulator
        }
    }

    private static let sharing = Sharing()
    /// Foundation takes a process's objects apart some time after its end.
    private static let kept = Locked<[Program]>([])

    let port: Int
    private let program: Program

    /// Nil, and a line that says so, where it is not installed.
    static func start() async throws -> FirestoreEmulator? { try await self.sharing.emulator() }

    private static func launch() async throws -> FirestoreEmulator? {
        guard let java = try? Middle.path("java"), let jar = await self.jar() else {
            print("SKIPPED: no Firestore emulator here: FreshetFirebase's Firestore was not tested against a server")
            return nil
        }
        let port = try Middle.freePort()
        let program = try Program(
            java,
            [
                "-Xmx400m", "-XX:+UseSerialGC", "-Duser.language=en", "-cp", jar,
                "com.google.cloud.datastore.emulator.firestore.CloudFirestore", "--host=127.0.0.1", "--port=\(port)",
                "--project_id=demo",
            ]
        )
        self.kept.withLock { $0.append(program) }
        // It says that it runs on either of its outputs, by version.
        guard await program.line(where: { $0.contains("is now running") }) != nil else {
            throw FreshetError(.unreachable, "the Firestore emulator did not start")
        }
        return FirestoreEmulator(port: port, program: program)
    }

    /// Where Debian's package has put it.
    private static func jar() async -> String? {
        guard let dpkg = try? Middle.path("dpkg"),
            let list = try? Program(dpkg, ["-L", "google-cloud-cli-firestore-emulator"])
        else { return nil }
        self.kept.withLock { $0.append(list) }
        return await list.result().output.first { $0.hasSuffix("emulator.jar") }
    }

    private init(port: Int, program: Program) {
        self.port = port
        self.program = program
    }

    deinit { self.program.stop() }

    var host: String { "127.0.0.1:\(self.port)" }

    /// A client of a project that nobody else has, or of one that somebody has already.
    func firestore(
        project: String = "p-\(UUID().uuidString.lowercased())",
        _ change: (inout FirestoreConfiguration) -> Void = { _ in }
    ) -> Firestore {
        var configuration = FirestoreConfiguration.emulator(self.host)
        configuration.http.proxy = .none
        // On a busy machine its first answers take long.
        configuration.policy.waitsForFirstConnection = true
        configuration.transactionBackoff = Backoff(initial: .milliseconds(5), cap: .milliseconds(50))
        change(&configuration)
        return Firestore(project: project, configuration: configuration)
    }

    /// Who may do what in a project, as the rules say.
    func setRules(_ rules: String, project: String) async throws {
        let file: JSONValue = [
            "name": "firestore.rules",
            "content": .string(
                "rules_version = '2'; service cloud.firestore { match /databases/{d}/documents { \(rules) } }"
            ),
        ]
        _ = try await HTTPClient.fresh("http://\(self.host)").reply(
            to: .put,
            "emulator/v1/projects/\(project):securityRules",
            headers: [.contentType: "application/json"],
            body: try .json(["rules": ["files": [file]]] as JSONValue)
        )
    }

    /// A user's token, not signed, as the emulator takes it.
    static func token(of user: String, project: String) -> String {
        func part(_ json: String) -> String {
            Data(json.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
                "=",
                with: ""
            )
        }
        let claims =
            #"{"sub":"\#(user)","user_id":"\#(user)","iss":"https://securetoken.google.com/\#(project)","aud":"\#(project)","#
            + #""iat":1700000000,"exp":4000000000}"#
        return "\(part(#"{"alg":"none","typ":"JWT"}"#)).\(part(claims))."
    }
}
