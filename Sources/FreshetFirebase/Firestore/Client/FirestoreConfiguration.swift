// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore
public import FreshetHTTP
public import FreshetTransport
public import Logging

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// How a Firestore is reached, and as whom.
public struct FirestoreConfiguration: Sendable {
    /// Where the API is; nil: the emulator of `FIRESTORE_EMULATOR_HOST`, where that is set, and else Google's.
    public var server: String?

    /// Which of the project's databases.
    public var database = "(default)"

    /// Who asks, and again when the server refuses the last ones: a session's `provider()`, with Firebase ID tokens, for which the
    /// rules of the database decide, or OAuth tokens, for which IAM decides. Nil: nobody; of an emulator its owner.
    public var credentials: CredentialProvider?

    /// Header fields, TLS, proxy, deadlines.
    public var http = HTTPConfiguration()

    /// What sees each request, the first one outermost.
    public var middlewares: [any HTTPMiddleware] = []

    /// Which reads are sent again. Writes are sent once, but for those that certainly were not executed.
    public var retries = RetryPolicy()

    /// The waits between two attempts of a transaction.
    public var transactionBackoff = Backoff(initial: .milliseconds(500), factor: 1.5, cap: .seconds(15))

    /// When watches connect, and how long to wait before they do so again.
    public var policy = ConnectionPolicy()

    /// How patient the stream of watches is.
    package var pace = WebChannelPace()

    /// Where watches run.
    public var loop = EventLoop.shared

    /// Told about the connection of the watches, and what a server does wrong without harm.
    public var logger = Logger(label: "freshet.firestore")

    /// Makes a configuration with the defaults; what is to be different is set on it.
    ///
    /// - Parameter credentials: who asks.
    public init(credentials: CredentialProvider? = nil) {
        self.credentials = credentials
        self.http.limits.body = 128 << 20
        self.policy.backoff = Backoff(initial: .seconds(1), factor: 1.5, cap: .seconds(60))
    }

    /// An emulator, as its owner, whom no rules stop.
    ///
    /// - Parameter host: where it is, as in `127.0.0.1:8080`.
    /// - Returns: the configuration.
    public static func emulator(_ host: String) -> FirestoreConfiguration {
        var configuration = FirestoreConfiguration(credentials: Self.owner)
        configuration.server = "http://\(host)"
        return configuration
    }

    private static let owner: CredentialProvider = { _ in .bearer("owner") }

    /// The same with a server.
    func resolved(environment: (String) -> String? = Self.environment) -> (FirestoreConfiguration, server: String) {
        if let server { return (self, server) }
        guard let host = environment("FIRESTORE_EMULATOR_HOST"), !host.isEmpty else {
            return (self, "https://firestore.googleapis.com")
        }
        var configuration = self
        configuration.credentials = self.credentials ?? Self.owner
        return (configuration, "http://\(host)")
    }

    private static func environment(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }
}
