// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FreshetCore
import FreshetTestSupport

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// `freshet serve`: the embedded test server, with faults by signal.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the embedded GraphQL test server on 127.0.0.1.",
        discussion: """
            It speaks graphql-transport-ws and serves
              count(to: Int!): Int!
              ticks(every: Int = 1000, to: Int, bytes: Int = 0): Tick!    # Tick { n at pad }, every in milliseconds
              events(after: Int, to: Int, every: Int = 1): Event!         # Event { n key k }, a log of 100 a second

            Signals: USR1 drops every connection, USR2 stalls and resumes, HUP restarts (refusing for --down).
            Its address goes to stdout; every connection that opens or closes is a line on stderr, with how many are open.

            EXIT CODES
                0  ended by SIGINT or SIGTERM
                3  it cannot listen: somebody else has the port
               64  usage
            """
    )

    @Option(help: "The port; 0 takes a free one.")
    var port = 4000

    @Option(help: "How long a restart takes.")
    var down: DurationArgument?

    @Option(help: "A PEM certificate: serve TLS.")
    var cert: String?

    @Option(help: "The certificate's PEM key.")
    var key: String?

    func validate() throws {
        guard (0...65535).contains(self.port) else { throw ValidationError("--port must be between 0 and 65535") }
        guard (self.cert == nil) == (self.key == nil) else { throw ValidationError("--cert and --key go together") }
    }

    func run() async throws {
        let terminal = Terminal()
        do throws(FreshetError) {
            // The server would say that one of them cannot be used, and not which.
            for case let file? in [self.cert, self.key] { _ = try InputFile.bytes(file) }
            let server = try await EmbeddedServer(port: self.port, certificate: self.cert, key: self.key) { event in
                switch event {
                case .connected(let open): terminal.note("open \(open)")
                case .disconnected(let open): terminal.note("close \(open)")
                case .subscribed, .refused: break
                }
            }
            _ = terminal.record(Array("listening \(await server.url)\n".utf8))
            try await self.obeySignals(server, terminal)
            await server.shutdown()
        } catch {
            terminal.note(WatchRun.line(for: error))
            throw ExitCode(Self.status(of: error).rawValue)
        }
    }

    /// A port that somebody else has is no mistake of the command line's.
    private static func status(of error: FreshetError) -> ExitStatus {
        error.message.hasPrefix("cannot listen") ? .gaveUp : ExitStatus(error)
    }

    private func obeySignals(_ server: EmbeddedServer, _ terminal: Terminal) async throws(FreshetError) {
        var stalled = false
        for await signal in Signals.stream(SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2) {
            switch signal {
            case SIGUSR1:
                terminal.note("drop")
                await server.drop()
            case SIGUSR2:
                stalled.toggle()
                terminal.note(stalled ? "stall" : "resume")
                if stalled { await server.stall() } else { await server.resume() }
            case SIGHUP:
                terminal.note("restart")
                await server.stop()
                try? await Task.sleep(for: self.down?.duration ?? .seconds(1))
                try await server.start()
            default:
                return
            }
        }
    }
}
