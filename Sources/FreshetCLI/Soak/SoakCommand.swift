// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `freshet soak`: proves reconnection under faults.
struct SoakCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Put clients through faults, and prove that nothing is lost without a word.",
        discussion: """
            EXAMPLES
              freshet soak --local graphql --for 1m
              freshet soak --local graphql,etcd,nats --faults all --clients 200 --for 10m --seed 42 --report out
              freshet soak --local etcd --faults 'tcp.*,srv.restart' --require 'recover.p99<5s'
              freshet soak --sim --seeds 10000
              freshet soak --target ws://localhost:4000/graphql --i-own-this \\
                  -q 'subscription ($after: Int) { events(after: $after) { n } }' --cursor after=events.n --number events.n
              freshet soak verify out

            What it judges by is the server's own log, never a client's word. docs/soak.md explains the report.

            EXIT CODES
                0  nothing was lost without a word, and every requirement is met
                3  the servers or the clients did not come up
               64  usage
               99  something was wrong, or a requirement is not met
              130  SIGINT; 143 SIGTERM: the run was cut short, and what there was of it was all right
            """,
        subcommands: [SoakRunCommand.self, SoakVerifyCommand.self],
        defaultSubcommand: SoakRunCommand.self
    )
}
