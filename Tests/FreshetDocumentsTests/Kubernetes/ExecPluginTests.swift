// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetCore
import Testing

@testable import FreshetDocuments

/// Plugins that print credentials: what they are told, and how long their answers are kept.
@Suite(.timeLimit(.minutes(1))) struct ExecPluginTests {
    private static func command(_ exec: [String: JSONValue]) throws -> ExecCommand {
        let user = KubeConfig.Entry(name: "me", folder: "/folder", fields: [:])
        let cluster = KubeConfig.Entry(name: "c", folder: "/folder", fields: ["server": "https://c"])
        var all: [String: JSONValue] = ["apiVersion": "client.authentication.k8s.io/v1", "command": "true"]
        all.merge(exec) { $1 }
        return try ExecCommand(all, of: user, for: cluster)
    }

    private static func shell(_ script: String, _ exec: [String: JSONValue] = [:]) throws -> ExecCommand {
        var all = exec
        all["command"] = "sh"
        all["args"] = ["-c", .string(script)]
        return try Self.command(all)
    }

    private static func answer(_ status: String) -> [UInt8] {
        Array(#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{\#(status)}}"#.utf8)
    }

    @Test("A plugin is run with its arguments and environment, and is told of the cluster when it wants that")
    func run() async throws {
        let script = "read line; printf '%s|%s|%s' \"$line\" \"$GREETING\" \"$KUBERNETES_EXEC_INFO\""
        let command = try Self.shell(
            script,
            ["env": [["name": "GREETING", "value": "hello"]], "provideClusterInfo": true]
        )
        let output = String(decoding: try await ChildProcess.output(of: command), as: UTF8.self)
        #expect(output.hasPrefix("|hello|{"))
        let info = try JSONDecoder().decode(JSONValue.self, from: Data(output.dropFirst("|hello|".count).utf8))
        let expected: JSONValue = [
            "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
            "spec": ["interactive": false, "cluster": ["server": "https://c"]],
        ]
        #expect(info == expected)
    }

    #if os(Linux)
    @Test("A plugin has no signals blocked, no broken pipes ignored, and none of this process's files")
    func clean() async throws {
        // As many programs do that write to sockets.
        signal(SIGPIPE, SIG_IGN)
        // The fourth file is the folder that ls itself has open.
        let script = "grep SigBlk /proc/self/status; grep SigIgn /proc/self/status; ls /proc/self/fd | wc -l"
        let output = String(decoding: try await ChildProcess.output(of: try Self.shell(script)), as: UTF8.self)
        let words = output.split { $0.isWhitespace }
        try #require(words.count == 5)
        #expect(words[1] == "0000000000000000")
        let ignored = try #require(UInt64(words[3], radix: 16))
        #expect(ignored & 1 << UInt64(SIGPIPE - 1) == 0)
        #expect(words[4] == "4")
    }
    #endif

    @Test("A command with a slash is relative to the kubeconfig; one without is looked for in PATH")
    func paths() throws {
        #expect(try Self.command(["command": "bin/x"]).path == "/folder/bin/x")
        #expect(try Self.command(["command": "x"]).path == "x")
        #expect(throws: FreshetError.self) { try Self.command(["command": ""]) }
        #expect(throws: FreshetError.self) { try Self.command(["apiVersion": "client.authentication.k8s.io/v1alpha1"]) }
    }

    @Test("A plugin that fails, is not there, or is killed says so")
    func failures() async throws {
        for (command, words) in [
            (try Self.shell("exit 3"), "failed with status 3"), (try Self.shell("kill -9 $$"), "was killed"),
            (try Self.command(["command": "freshet-no-such-plugin", "installHint": "get it"]), "cannot be run"),
        ] {
            let error = await #expect(throws: FreshetError.self) { _ = try await ChildProcess.output(of: command) }
            #expect(error?.kind == .credentials)
            #expect(error?.message.contains(words) == true, "\(String(describing: error))")
        }
    }

    @Test("A plugin that prints without end is stopped")
    func endless() async throws {
        let error = await #expect(throws: FreshetError.self) {
            _ = try await ChildProcess.output(
                of: try Self.shell("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done")
            )
        }
        #expect(error?.message.contains("was killed") == true)
    }

    @Test("Cancelling ends the plugin")
    func cancelled() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "freshet-exec-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let mark = folder.appending(path: "started").path
        // Its own sleep, so that the one process is killed and nothing is left.
        let command = try Self.shell("touch '\(mark)'; exec sleep 600")
        let task = Task { try await ChildProcess.output(of: command) }
        while !FileManager.default.fileExists(atPath: mark) { await Task.yield() }
        task.cancel()
        await #expect(throws: FreshetError.self) { _ = try await task.value }
    }

    @Test("What a plugin gave is kept until it expires or is refused; it is run once for all who wait")
    func kept() async throws {
        let runs = Locked(0)
        let plugin = ExecPlugin(try Self.command([:])) { _ throws(FreshetError) in
            let run = runs.withLock { count in
                count += 1
                return count
            }
            await Task.yield()
            let expiry = run == 2 ? "2001-01-01T00:00:00Z" : "2999-01-01T00:00:00.5Z"
            return Self.answer(#""token":"t\#(run)","expirationTimestamp":"\#(expiry)""#)
        }
        async let first = plugin.credentials(.connecting)
        async let second = plugin.credentials(.connecting)
        #expect(try await first.headers == second.headers)
        let third = try await plugin.credentials(.connecting)
        #expect(third.headers.first?.value == "Bearer t1")
        #expect(third.lifetime.map { $0 > .seconds(1_000_000) } == true)
        #expect(runs.withLock { $0 } == 1)
        let error = await #expect(throws: FreshetError.self) { _ = try await plugin.credentials(.refused) }
        #expect(error?.message.contains("expired already") == true)
        #expect(try await plugin.credentials(.connecting).headers.first?.value == "Bearer t3")
    }

    @Test(
        "What is no ExecCredential with a token is refused, and not quoted",
        arguments: [
            "secret", "{}",
            #"{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"secret"}}"#,
            #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{}}"#,
            #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"clientCertificateData":"secret"}}"#,
            #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"secret","expirationTimestamp":"soon"}}"#,
        ]
    )
    func nonsense(text: String) async throws {
        let plugin = ExecPlugin(try Self.command([:])) { _ throws(FreshetError) in Array(text.utf8) }
        let error = await #expect(throws: FreshetError.self) { _ = try await plugin.credentials(.connecting) }
        #expect(error?.kind == .credentials)
        #expect(error.map { !"\($0)".contains("secret") } == true)
    }
}
