// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore
public import FreshetTransport

/// How an ``EtcdClient`` connects.
public struct EtcdClientConfiguration: Sendable {
    /// Headers, TLS with a client certificate, proxy, limits and pings, for the WebSocket and for HTTP alike.
    public var webSocket: WebSocketConfiguration

    /// Who asks, where etcd's authentication is on; nil: nobody in particular.
    ///
    /// A token is got with the name and the password, and got anew when it is refused. etcd takes none over a WebSocket, so
    /// watches are requests over HTTP then, one each.
    public var user: EtcdUser?

    /// Asked for a token instead, such as a JSON Web Token: its headers are sent along. etcd wants `Authorization` without
    /// `Bearer`.
    public var credentials: CredentialProvider?

    /// When to connect, how long to wait, when to try again.
    public var policy: ConnectionPolicy

    /// How many documents are listed with one request; fewer where they do not fit into one answer.
    public var pageSize = 1000

    /// How long it may take to list documents for a watch.
    public var listDeadline: Duration = .seconds(60)

    /// Makes a configuration.
    ///
    /// - Parameters:
    ///   - webSocket: headers, TLS, proxy, limits and pings.
    ///   - user: who asks, where authentication is on.
    ///   - policy: when to connect and when to try again.
    public init(
        webSocket: WebSocketConfiguration = WebSocketConfiguration(),
        user: EtcdUser? = nil,
        policy: ConnectionPolicy = ConnectionPolicy()
    ) {
        self.webSocket = webSocket
        self.user = user
        self.policy = policy
    }
}

extension EtcdClientConfiguration: CustomStringConvertible {
    /// Without secrets.
    public var description: String {
        "EtcdClientConfiguration(\(self.webSocket), user: \(self.user?.name ?? "none"))"
    }
}
