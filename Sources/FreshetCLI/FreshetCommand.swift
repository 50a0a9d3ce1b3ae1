// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FreshetHTTP
import FreshetSoakRunner
import FreshetTransport

@main
struct FreshetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "freshet",
        abstract: "Live data in the terminal: it reconnects, and it never hides a loss.",
        discussion: """
            EXAMPLES
              freshet watch wss://api.example.com/graphql -f orders.graphql
              freshet watch ws://localhost:4000/ -q 'subscription { ticks { n } }'
              freshet watch etcd+http://127.0.0.1:2379/users/
              freshet get https://api.example.com/items/1
              freshet login prod --url https://api.example.com --user ada
              freshet soak --local graphql --for 1m
              freshet serve --port 4000
            """,
        version: """
            freshet \(freshetVersion)
            libwebsockets \(TransportVersions.libwebsockets)
            \(TransportVersions.tls)
            \(HTTPVersions.libcurl)
            """,
        subcommands: [
            WatchCommand.self, GetCommand.self, PutCommand.self, LoginCommand.self, LogoutCommand.self,
            SoakCommand.self, ServeCommand.self,
        ]
    )

    /// On the first thread, while it is the only one: a second one would have its own heap by then.
    @MainActor
    static func main() async {
        if CommandLine.arguments.dropFirst().first == SoakCommand.configuration.commandName {
            ProcessFigures.keepOneHeap()
        }
        await self.main(nil)
    }
}

/// The version of this package.
let freshetVersion = "0.1.0"
