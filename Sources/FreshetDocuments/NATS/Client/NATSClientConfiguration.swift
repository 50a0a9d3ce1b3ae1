// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore
public import FreshetTransport

/// How a ``NATSClient`` connects.
public struct NATSClientConfiguration: Sendable {
    /// How the WebSocket connects: TLS, proxy, limits, pings.
    public var webSocket: WebSocketConfiguration

    /// Who the client is, where no provider says so.
    public var authentication: NATSAuthentication?

    /// Asked before each attempt to connect; its parameters go into CONNECT (`user` and `pass`, `auth_token` or `token`, `jwt`).
    public var credentials: CredentialProvider?

    /// When to connect, how long to wait, when to try again. By default the connection stays for 30 s after the last
    /// operation, so that one request after another does not connect each time.
    public var policy: ConnectionPolicy

    /// What the server's monitoring calls the client.
    public var name: String?

    /// Where JetStream's API is: `$JS.<domain>.API` for another domain than the server's own.
    public var apiPrefix = "$JS.API"

    /// Below which subject answers come: the account must be allowed to subscribe to everything below it.
    public var inboxPrefix = "_INBOX"

    /// How long a request may take, until its answer is there: 10 s.
    public var requestTimeout: Duration = .seconds(10)

    /// The most that a listing, or the state with which a watch begins, may be, in bytes: 256 MiB.
    public var stateLimit = 256 << 20

    /// Makes a configuration.
    ///
    /// - Parameters:
    ///   - authentication: who the client is.
    ///   - webSocket: how the WebSocket connects.
    ///   - credentials: asked before each attempt to connect.
    ///   - policy: when to connect and when to try again; nil: the defaults, and 30 s of lingering.
    public init(
        authentication: NATSAuthentication? = nil,
        webSocket: WebSocketConfiguration = WebSocketConfiguration(),
        credentials: CredentialProvider? = nil,
        policy: ConnectionPolicy? = nil
    ) {
        self.authentication = authentication
        self.webSocket = webSocket
        self.credentials = credentials
        var lingering = ConnectionPolicy()
        lingering.linger = .seconds(30)
        self.policy = policy ?? lingering
    }
}

extension NATSClientConfiguration: CustomStringConvertible {
    /// Without secrets.
    public var description: String {
        "NATSClientConfiguration(\(self.webSocket), authentication: \(self.authentication?.description ?? "none"))"
    }
}
