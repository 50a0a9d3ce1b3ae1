// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FreshetTransport

@main
struct FreshetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "freshet",
        abstract: "Live data in the terminal: it reconnects, and it never hides a loss.",
        discussion: """
            EXAMPLES
              freshet watch graphql+wss://api.example.com/graphql -q 'subscription { orderUpdated { id status } }'
              freshet watch ws://127.0.0.1:4000/graphql -f sub.graphql --var id=42 -o jsonl | jq .data
              freshet serve --port 4000
            """,
        version: """
            freshet \(freshetVersion)
            libwebsockets \(TransportVersions.libwebsockets)
            \(TransportVersions.tls)
            """,
        subcommands: [WatchCommand.self, ServeCommand.self]
    )
}

/// The version of this package.
let freshetVersion = "0.1.0"
