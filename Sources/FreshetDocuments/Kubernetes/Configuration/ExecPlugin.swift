// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Freshet
import FreshetCore

/// Asks a plugin for credentials, and keeps them until they expire or are refused.
actor ExecPlugin {
    private let command: ExecCommand
    private let run: @Sendable (ExecCommand) async throws(FreshetError) -> [UInt8]
    private var held: (credentials: Credentials, expiry: Date?)?
    private var asking: Task<Result<Void, FreshetError>, Never>?

    /// - Parameters:
    ///   - command: the plugin.
    ///   - run: runs it, and returns what it printed.
    init(
        _ command: ExecCommand,
        run: @escaping @Sendable (ExecCommand) async throws(FreshetError) -> [UInt8] = { command throws(FreshetError) in
            try await ChildProcess.output(of: command)
        }
    ) {
        self.command = command
        self.run = run
    }

    func credentials(_ reason: Credentials.Reason) async throws(FreshetError) -> Credentials {
        if reason == .connecting, let credentials = self.current { return credentials }
        // One run at a time, however many wait for it.
        let task = self.asking ?? Task { await self.ask() }
        self.asking = task
        try await task.value.get()
        guard let credentials = self.current else {
            throw FreshetError(.credentials, "\(self.command.path) gave credentials that have expired already")
        }
        return credentials
    }

    private var current: Credentials? {
        guard let held = self.held else { return nil }
        var credentials = held.credentials
        if let expiry = held.expiry {
            let left = expiry.timeIntervalSinceNow
            guard left > 0 else { return nil }
            credentials.lifetime = .seconds(left)
        }
        return credentials
    }

    private func ask() async -> Result<Void, FreshetError> {
        defer { self.asking = nil }
        do throws(FreshetError) {
            let output = try await self.run(self.command)
            self.held = try Self.read(output, self.command)
            return .success(())
        } catch {
            self.held = nil
            return .failure(error)
        }
    }

    private struct Answer: Decodable {
        struct Status: Decodable {
            var token: String?
            var expirationTimestamp: String?
            var clientCertificateData: String?
        }

        var apiVersion: String
        var kind: String
        var status: Status?
    }

    private static func read(
        _ output: [UInt8],
        _ command: ExecCommand
    ) throws(FreshetError) -> (Credentials, Date?) {
        let name = command.path
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(output)), answer.kind == "ExecCredential"
        else {
            throw FreshetError(.credentials, "\(name) did not print an ExecCredential")
        }
        guard answer.apiVersion == command.version else {
            throw FreshetError(
                .credentials,
                "\(name) speaks another version than the kubeconfig says",
                hint: "apiVersion must be \(command.version)"
            )
        }
        guard let token = answer.status?.token, !token.isEmpty else {
            throw FreshetError(
                .credentials,
                answer.status?.clientCertificateData == nil
                    ? "\(name) gave no token" : "\(name) gave a client certificate, which is supported in files only",
                hint: "use a plugin that gives a token"
            )
        }
        var expiry: Date?
        if let text = answer.status?.expirationTimestamp {
            guard let date = Self.date(text) else {
                throw FreshetError(.credentials, "\(name) gave a time of expiry that is no RFC 3339 time")
            }
            expiry = date
        }
        return (.kubernetes(token), expiry)
    }

    /// RFC 3339, with fractions of a second or without.
    private static func date(_ text: String) -> Date? {
        (try? Date(text, strategy: .iso8601))
            ?? (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }
}
