// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FreshetCore
import FreshetGraphQL
import Logging

/// `freshet get`: the command line, and nothing but.
struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Print one answer: of a URL, of a GraphQL query, or documents.",
        discussion: """
            EXAMPLES
              freshet get https://api.example.com/items/1
              freshet get https://api.example.com/graphql -q '{ items { id title } }'
              freshet get --profile prod items/1
              freshet get etcd+http://127.0.0.1:2379/users/1
              freshet get k8s://dev/default/pods -o jsonl
              freshet get 'firestore://my-app/users?where=age>=18&order=age:desc&limit=10'
              freshet get https://api.example.com/items/1 --etag '"7"' || echo unchanged

            The answer goes to stdout. Its entity tag, if it has one, goes to stderr as `etag: "7"`, a document's version
            as `version: 7`.

            EXIT CODES
                0  printed
                2  the server refused: not found, not valid, errors of the query
                3  unreachable, timed out, or the server failed
                4  credentials refused
                5  not HTTP, or not JSON where JSON is needed
                7  TLS failed
                8  not modified: the answer still has the tag of --etag
               64  usage
              124  --timeout was reached
              130  SIGINT; 143 SIGTERM; 141 nobody reads stdout
            """
    )

    @Argument(
        help:
            """
            https://, http://, http+unix:, etcd+http://, nats+ws://, k8s://, firestore://, rtdb+wss://; with a query also \
            wss://; with --profile a path.
            """
    )
    var url: String

    @Option(name: .shortAndLong, help: "A GraphQL query.")
    var query: String?

    @Option(name: .shortAndLong, help: "A file with the GraphQL query; - is stdin.")
    var file: String?

    @Option(name: .customLong("var"), help: ArgumentHelp("A variable, as a string.", valueName: "name=text"))
    var variables: [String] = []

    @Option(name: .customLong("var-json"), help: ArgumentHelp("A variable, as JSON.", valueName: "name=json"))
    var jsonVariables: [String] = []

    @Option(help: "A bearer token for the Authorization header; other users can see it in ps, with -H @file not.")
    var token: String?

    @Option(help: "A profile of freshet login: its URL goes before the path, its credentials with the request.")
    var profile: String?

    @Option(
        name: [.customLong("etag"), .customLong("if-none-match")],
        help: ArgumentHelp("Print only what is newer than this entity tag.", valueName: "tag")
    )
    var etag: String?

    @Option(help: "Stop after this time, with exit code 124: 500ms, 10s, 2m.")
    var timeout: DurationArgument?

    @Option(name: .shortAndLong, help: "auto, json, jsonl or raw; auto is json on a terminal and raw elsewhere.")
    var output: OutputFormat = .auto

    @OptionGroup(title: "Connection")
    var connection: ConnectionOptions

    private var isGraphQL: Bool { self.query != nil || self.file != nil }

    func validate() throws {
        if self.isGraphQL, self.etag != nil { throw ValidationError("--etag is not for GraphQL, which has no tags") }
        if !self.isGraphQL, !self.variables.isEmpty || !self.jsonVariables.isEmpty {
            throw ValidationError("--var is for a GraphQL query: -q or -f")
        }
    }

    func run() async throws {
        let terminal = Terminal()
        let run: () async -> ExitStatus
        do throws(FreshetError) {
            if let url = try DocumentURL(self.url) {
                run = try self.documentCall(url, terminal).run
            } else {
                run = try self.makeRun(terminal).run
            }
        } catch {
            terminal.note(WatchRun.line(for: error))
            throw ExitCode(ExitStatus.usage.rawValue)
        }
        let status = await run()
        if status != .satisfied { throw ExitCode(status.rawValue) }
    }

    private func documentCall(_ url: DocumentURL, _ terminal: Terminal) throws(FreshetError) -> DocumentCall {
        guard !self.isGraphQL, self.etag == nil, self.profile == nil else {
            throw FreshetError(.invalidInput, "documents are got without a query, an entity tag and a profile")
        }
        var settings = DocumentSettings()
        settings.webSocket = try self.connection.configuration()
        settings.token = self.token
        settings.logger = Logger(label: "freshet") { _ in TerminalLogHandler(terminal) }
        return DocumentCall(
            target: try url.target(settings),
            action: .get,
            timeout: self.timeout?.duration,
            format: self.output,
            terminal: terminal
        )
    }

    private func makeRun(_ terminal: Terminal) throws(FreshetError) -> GetRun {
        var request: GraphQLRequest?
        if self.isGraphQL {
            request = GraphQLRequest(
                query: try WatchInput.document(query: self.query, file: self.file),
                variables: try WatchInput.variables(strings: self.variables, json: self.jsonVariables)
            )
            request?.kind = .query
        }
        var webSocket = try self.connection.configuration()
        if let token { webSocket.headers.append(HTTPHeader("Authorization", "Bearer \(token)")) }
        let signedIn = try SignedIn(self.profile, webSocket: webSocket)
        return GetRun(
            url: signedIn?.profile.absolute(self.url) ?? self.url,
            request: request,
            webSocket: webSocket,
            signedIn: signedIn,
            profile: self.profile,
            etag: self.etag,
            timeout: self.timeout?.duration,
            format: self.output,
            terminal: terminal
        )
    }
}
