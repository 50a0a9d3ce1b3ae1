// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FreshetCore
import Logging

/// `freshet put`: the command line, and nothing but.
struct PutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract:
            "Write one document: a key of etcd or of a NATS bucket, an object of Kubernetes, a document or place in Firebase.",
        discussion: """
            EXAMPLES
              freshet put etcd+http://127.0.0.1:2379/users/1 '{"name":"Ada"}'
              freshet put nats+ws://127.0.0.1:8080/users/ada @ada.json --create
              freshet put etcd+http://127.0.0.1:2379/users/1 - --if-version 7 <ada.json
              freshet put firestore://my-app/users/ada '{"name":"Ada","born":{"timestampValue":"1815-12-10T00:00:00Z"}}'

            Its version goes to stderr as `version: 8`.

            EXIT CODES
                0  written
                2  the server refused: of another version, there already, not valid
                3  unreachable, timed out, or whether it was written is unknown
                4  credentials refused
                5  protocol mismatch
                7  TLS failed
               64  usage
              124  --timeout was reached
              130  SIGINT; 143 SIGTERM
            """
    )

    @Argument(
        help: "etcd+http://, nats+ws://, k8s://, firestore:// or rtdb+wss://, with the document's key at the end."
    )
    var url: String

    @Argument(help: "What to write; @file reads a file, - is stdin.")
    var value: String

    @Flag(help: "Only where there is none of that name yet.")
    var create = false

    @Option(help: "Only where it is still of this version.")
    var ifVersion: String?

    @Option(help: "A bearer token; other users can see it in ps, with -H @file not.")
    var token: String?

    @Option(help: "Stop after this time, with exit code 124: 500ms, 10s, 2m.")
    var timeout: DurationArgument?

    @OptionGroup(title: "Connection")
    var connection: ConnectionOptions

    func validate() throws {
        if self.create, self.ifVersion != nil { throw ValidationError("--create and --if-version exclude each other") }
    }

    func run() async throws {
        let terminal = Terminal()
        let call: DocumentCall
        do throws(FreshetError) {
            call = try self.makeCall(terminal)
        } catch {
            terminal.note(WatchRun.line(for: error))
            throw ExitCode(ExitStatus.usage.rawValue)
        }
        let status = await call.run()
        if status != .satisfied { throw ExitCode(status.rawValue) }
    }

    private func makeCall(_ terminal: Terminal) throws(FreshetError) -> DocumentCall {
        guard let url = try DocumentURL(self.url) else {
            throw FreshetError(
                .invalidInput,
                "put writes documents",
                hint: "etcd+http://host:2379/key, nats+ws://…, k8s://…, firestore://project/users/ada, rtdb+wss://…"
            )
        }
        var settings = DocumentSettings()
        settings.webSocket = try self.connection.configuration()
        settings.token = self.token
        settings.logger = Logger(label: "freshet") { _ in TerminalLogHandler(terminal) }
        let value = try self.bytes()
        let action: DocumentCall.Action =
            self.create ? .create(value) : self.ifVersion.map { .update(value, version: $0) } ?? .put(value)
        return DocumentCall(
            target: try url.target(settings),
            action: action,
            timeout: self.timeout?.duration,
            format: .auto,
            terminal: terminal
        )
    }

    private func bytes() throws(FreshetError) -> Bytes {
        switch self.value {
        case "-": return Bytes(copying: try InputFile.bytes("-"))
        case let value where value.hasPrefix("@"): return Bytes(copying: try InputFile.bytes(String(value.dropFirst())))
        default: return Bytes(copying: self.value.utf8)
        }
    }
}
