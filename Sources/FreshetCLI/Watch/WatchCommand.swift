// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FreshetCore
import FreshetDocuments
import FreshetGraphQL
import Logging

/// `freshet watch`: the command line, and nothing but.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Print live data as it comes, through reconnections, with every gap in its place.",
        discussion: """
            EXAMPLES
              freshet watch ws://localhost:4000/ -q 'subscription { ticks { n } }'
              freshet watch wss://api.example.com/graphql -f sub.graphql --var id=42
              freshet watch wss://api.example.com/graphql -f sub.graphql -n 3 -o jsonl
              freshet watch etcd+http://127.0.0.1:2379/users/
              freshet watch 'firestore://my-app/users?where=age>=18'
              freshet watch k8s://dev/default/pods -l app=web --state-file pods.state -o jsonl >>pods.jsonl

            Data goes to stdout, one flush a record; status goes to stderr.

            Signals: USR1 says on stderr how the watch stands, HUP makes the connection anew (where the terminal is
            gone it ends the watch), INT and TERM say goodbye, and a second one ends it at once.

            EXIT CODES
                0  the server completed, or --count was reached
                2  the server refused the operation
                3  gave up: unreachable, or the retries are used up
                4  credentials refused
                5  protocol mismatch
                6  there was a gap, under --on-gap fail
                7  TLS failed
                8  the server completed before --count was reached
               64  usage
              124  --timeout was reached
              130  SIGINT; 143 SIGTERM; 141 nobody reads stdout
            """
    )

    @Argument(
        help: """
            ws://, wss://, graphql+ws://, etcd+http://, nats+ws://, k8s://, firestore://, rtdb+ws://; with --profile a path.
            """
    )
    var url: String

    @Option(name: .shortAndLong, help: "The GraphQL document.")
    var query: String?

    @Option(name: .shortAndLong, help: "A file with the GraphQL document; - is stdin.")
    var file: String?

    @Option(name: .customLong("var"), help: ArgumentHelp("A variable, as a string.", valueName: "name=text"))
    var variables: [String] = []

    @Option(name: .customLong("var-json"), help: ArgumentHelp("A variable, as JSON.", valueName: "name=json"))
    var jsonVariables: [String] = []

    @Option(help: "A bearer token: sent as the Authorization header and in connection_init.")
    var token: String?

    @Option(help: "A profile of freshet login: its URL goes before the path, its credentials with each connection.")
    var profile: String?

    @Option(name: [.customShort("n"), .long], help: "Stop after this many results.")
    var count: Int?

    @Option(help: "Stop after this time, with exit code 124: 500ms, 10s, 2m.")
    var timeout: DurationArgument?

    @Option(help: ArgumentHelp("Attempts that may fail one after another; or forever.", valueName: "n"))
    var retry: RetryArgument?

    @Flag(name: .customLong("no-retry"), help: "Do not reconnect.")
    var noRetry = false

    @Option(help: "At a gap: resync prints what was made up for, mark goes on, fail ends with exit code 6.")
    var onGap: OnGap = .resync

    @Option(name: .shortAndLong, help: "auto, log, jsonl, json or raw.")
    var output: OutputFormat = .auto

    @OptionGroup(title: "Documents")
    var documentOptions: DocumentOptions

    @OptionGroup(title: "Connection")
    var connection: ConnectionOptions

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count must be at least 1") }
        if self.noRetry, self.retry != nil { throw ValidationError("--retry and --no-retry exclude each other") }
    }

    func run() async throws {
        let terminal = Terminal()
        let watch: WatchRun
        do throws(FreshetError) {
            watch = try self.watch(terminal)
        } catch {
            terminal.note(WatchRun.line(for: error))
            throw ExitCode(ExitStatus.usage.rawValue)
        }
        let status = await watch.run()
        if status != .satisfied { throw ExitCode(status.rawValue) }
    }

    private func watch(_ terminal: Terminal) throws(FreshetError) -> WatchRun {
        let logger = Logger(label: "freshet") { _ in TerminalLogHandler(terminal) }
        return WatchRun(
            subject: try self.subject(logger),
            count: self.count,
            timeout: self.timeout?.duration,
            onGap: self.onGap,
            format: self.output,
            terminal: terminal
        )
    }

    private func subject(_ logger: Logger) throws(FreshetError) -> any WatchSubject {
        guard let url = try DocumentURL(self.url) else { return try self.graphQL(logger) }
        return try self.documents(url, logger)
    }

    private func documents(_ url: DocumentURL, _ logger: Logger) throws(FreshetError) -> any WatchSubject {
        guard self.query == nil, self.file == nil, self.variables.isEmpty, self.jsonVariables.isEmpty else {
            throw FreshetError(.invalidInput, "documents are watched without a query")
        }
        var settings = DocumentSettings()
        settings.webSocket = try self.connection.configuration()
        settings.policy.attempts = self.noRetry ? 0 : self.retry?.limit
        settings.token = self.token
        settings.labels = self.documentOptions.selector
        settings.fields = self.documentOptions.fieldSelector
        settings.logger = logger
        let start = try self.documentOptions.start()
        guard url.hasPositions || start.position == nil && self.documentOptions.stateFile == nil else {
            throw FreshetError(
                .invalidInput,
                "watches of \(url.kind.schemes.url) begin with the whole state, and have no positions to go on from",
                hint: "without --state-file, and with --from snapshot or now"
            )
        }
        return DocumentWatch(
            target: try url.target(settings),
            start: start,
            stateFile: self.documentOptions.stateFile,
            printsInitial: self.documentOptions.initial,
            printsRemovals: self.documentOptions.deletes
        )
    }

    private func graphQL(_ logger: Logger) throws(FreshetError) -> any WatchSubject {
        guard !self.documentOptions.isUsed else {
            throw FreshetError(
                .invalidInput,
                "--from, --state-file and the like are for documents: etcd+http://, nats+ws://, k8s://, rtdb+wss://"
            )
        }
        let request = GraphQLRequest(
            query: try WatchInput.document(query: self.query, file: self.file),
            variables: try WatchInput.variables(strings: self.variables, json: self.jsonVariables)
        )
        var configuration = GraphQLClientConfiguration()
        configuration.webSocket = try self.connection.configuration()
        if let token = self.token {
            configuration.webSocket.headers.append(HTTPHeader("Authorization", "Bearer \(token)"))
            configuration.connectionParameters = ["Authorization": .string("Bearer \(token)")]
        }
        configuration.policy.attempts = self.noRetry ? 0 : self.retry?.limit
        let signedIn = try SignedIn(self.profile, webSocket: configuration.webSocket)
        configuration.credentials = signedIn?.session.provider()
        let url = signedIn?.profile.absolute(self.url) ?? self.url
        return try GraphQLWatch(request, url: url, configuration: configuration, logger: logger)
    }
}
