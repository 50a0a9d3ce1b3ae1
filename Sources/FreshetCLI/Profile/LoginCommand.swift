// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FreshetCore
import FreshetHTTP

/// `freshet login`: signs in, and keeps what it got for the commands that name the profile.
struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Sign in, for all commands with --profile NAME.",
        discussion: """
            EXAMPLES
              freshet login prod --url https://api.example.com --user ada
              freshet login prod --user ada                            # again, where it was before
              freshet get --profile prod items/1
              freshet logout prod

            The password is typed, piped in, or in --password-file; there is no option for it, for others can see
            options in ps. Tokens are kept in the keyring if there is one, else in a file that only you can read;
            they are renewed as they are needed. Where things are is written to profiles.json, without secrets.

            EXIT CODES
                0  signed in
                3  unreachable
                4  the server refused
               64  usage
            """
    )

    @Argument(help: "The profile's name.")
    var profile: String

    @Option(help: "Where the API is.")
    var url: String?

    @Option(name: .shortAndLong, help: "Who signs in.")
    var user: String

    @Option(help: "The file with the password.")
    var passwordFile: String?

    @Option(help: ArgumentHelp("Where to sign in, below the URL.", valueName: "path"))
    var loginPath: String?

    @Option(help: ArgumentHelp("Where to renew, below the URL.", valueName: "path"))
    var refreshPath: String?

    @Option(help: ArgumentHelp("Where to sign out, below the URL.", valueName: "path"))
    var logoutPath: String?

    @Flag(help: "Send forms, as OAuth 2.0 wants it, instead of JSON.")
    var oauth = false

    @OptionGroup(title: "Connection")
    var connection: ConnectionOptions

    func run() async throws {
        let terminal = Terminal()
        do throws(FreshetError) {
            let file = try ProfileFile()
            let profile = try self.profile(in: file)
            let configuration = try HTTPConfiguration(try self.connection.configuration())
            let session = try profile.session(self.profile, configuration: configuration)
            let password = try Password.read(file: self.passwordFile, for: self.user)
            try await session.login(.password(self.user, password))
            try file.save(profile, as: self.profile)
            terminal.note("freshet: signed in as \(Format.printable(self.user)) at \(Format.printable(profile.url))")
        } catch {
            terminal.note(WatchRun.line(for: error))
            throw ExitCode(ExitStatus(error).rawValue)
        }
    }

    private func profile(in file: ProfileFile) throws(FreshetError) -> Profile {
        var profile: Profile
        if let url {
            let path = self.oauth ? "oauth/token" : "auth/login"
            profile = Profile(
                url: url,
                login: path,
                refresh: self.oauth ? nil : "auth/refresh",
                logout: nil,
                sendsForms: self.oauth
            )
        } else {
            profile = try file.profile(self.profile)
        }
        profile.login = self.loginPath ?? profile.login
        profile.refresh = self.refreshPath ?? profile.refresh
        profile.logout = self.logoutPath ?? profile.logout
        return profile
    }
}
