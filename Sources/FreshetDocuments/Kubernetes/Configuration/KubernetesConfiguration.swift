// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore
public import FreshetHTTP
public import FreshetTransport

/// Where a ``KubernetesClient`` finds the API, as whom it asks, and how it connects.
///
/// From a kubeconfig (``kubeconfig(_:context:)``), from the service account of the pod that this runs in (``inCluster()``), or
/// by hand.
public struct KubernetesConfiguration: Sendable {
    /// Where the API is, as in `https://10.0.0.1:6443`; a path may follow.
    public var server: String

    /// The namespace of the context, or of the pod; nil: none is named. Nothing uses it by itself.
    public var namespace: String?

    /// Asked for a bearer token, before connecting and after a 401.
    public var credentials: CredentialProvider?

    /// TLS, proxy, header fields, limits and pings: of watches, and of requests as well.
    ///
    /// `Origin` is added where it is not there, for the API refuses the upgrade to WebSocket without one.
    public var webSocket = WebSocketConfiguration()

    /// When to try again, and what the end of a connection means.
    public var policy = ConnectionPolicy()

    /// What sees each request, the first one outermost: after the retries, and before the credentials.
    public var middlewares: [any HTTPMiddleware] = []

    /// How many objects a page of a list has: 500.
    public var pageSize = 500

    /// For how long the server is asked to watch, before it ends the watch in an orderly way and is asked again: 5 minutes, and
    /// up to twice as long, by chance.
    public var watchTime: Duration = .seconds(300)

    /// How long a whole list may take, with all its pages: 60 s.
    public var listDeadline: Duration = .seconds(60)

    /// Makes a configuration.
    ///
    /// - Parameters:
    ///   - server: where the API is.
    ///   - namespace: that of the context.
    ///   - tls: how the server proves who it is, and how we do.
    ///   - credentials: asked for a bearer token.
    public init(
        server: String,
        namespace: String? = nil,
        tls: TLSConfiguration = TLSConfiguration(),
        credentials: CredentialProvider? = nil
    ) {
        self.server = server
        self.namespace = namespace
        self.webSocket.tls = tls
        self.credentials = credentials
    }

    /// Without the slash at the end, so that paths can follow.
    var base: String { self.server.hasSuffix("/") ? String(self.server.dropLast()) : self.server }
}

extension KubernetesConfiguration: CustomStringConvertible {
    /// Without the values of header fields: they may be secrets.
    public var description: String {
        "KubernetesConfiguration(server: \(self.server), namespace: \(self.namespace ?? "none"), \(self.webSocket))"
    }
}
