// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FreshetCore
import FreshetHTTP

/// `freshet logout`: forgets what `login` kept, and tells the server where there is a place for it.
struct LogoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout",
        abstract: "Sign out of a profile.",
        discussion: """
            EXAMPLES
              freshet logout prod

            The tokens are gone from this machine even if the server cannot be told.
            """
    )

    @Argument(help: "The profile's name.")
    var profile: String

    @OptionGroup(title: "Connection")
    var connection: ConnectionOptions

    func run() async throws {
        let terminal = Terminal()
        do throws(FreshetError) {
            let profile = try ProfileFile().profile(self.profile)
            let configuration = try HTTPConfiguration(try self.connection.configuration())
            try await profile.session(self.profile, configuration: configuration).logout()
            terminal.note("freshet: signed out at \(Format.printable(profile.url))")
        } catch {
            terminal.note(WatchRun.line(for: error))
            throw ExitCode(ExitStatus(error).rawValue)
        }
    }
}
