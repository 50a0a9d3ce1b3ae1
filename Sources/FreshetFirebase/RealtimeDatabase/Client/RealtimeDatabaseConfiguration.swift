// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore
public import FreshetTransport

/// How a ``RealtimeDatabase`` connects.
public struct RealtimeDatabaseConfiguration: Sendable {
    /// How the WebSocket connects, and HTTP where there is none: TLS, proxy, headers, pings. Pings find out about a connection that
    /// is dead; the protocol itself would not.
    public var webSocket: WebSocketConfiguration

    /// Asked before each attempt to connect for a user's token, as `Credentials.bearer(token)`; a token of a service account, or
    /// `owner` for the emulator, will do as well. nil: nobody in particular.
    public var credentials: CredentialProvider?

    /// When to connect, how long to wait, when to try again. By default the connection stays for 30 s after the last operation.
    /// `eager` keeps it for as long as the client lives, as presence needs it.
    public var policy: ConnectionPolicy

    /// How long a request may take, until its answer is there: 10 s.
    public var requestTimeout: Duration = .seconds(10)

    /// The most that is taken as one message, all of its segments together, in bytes: 256 MiB.
    public var messageLimit = 256 << 20

    /// How often a transaction is tried while others change the same value: 25 times.
    public var transactionAttempts = 25

    /// Makes a configuration.
    ///
    /// - Parameters:
    ///   - credentials: asked before each attempt to connect.
    ///   - webSocket: how the WebSocket connects.
    ///   - policy: when to connect and when to try again; nil: the defaults, and 30 s of lingering.
    public init(
        credentials: CredentialProvider? = nil,
        webSocket: WebSocketConfiguration = WebSocketConfiguration(),
        policy: ConnectionPolicy? = nil
    ) {
        self.credentials = credentials
        self.webSocket = webSocket
        var lingering = ConnectionPolicy()
        lingering.linger = .seconds(30)
        self.policy = policy ?? lingering
    }
}

extension RealtimeDatabaseConfiguration: CustomStringConvertible {
    /// Without secrets.
    public var description: String {
        "RealtimeDatabaseConfiguration(\(self.webSocket), credentials: \(self.credentials == nil ? "none" : "…"))"
    }
}
