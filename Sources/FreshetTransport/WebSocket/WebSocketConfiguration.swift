// SPDX-License-Identifier: Apache-2.0

/// How a WebSocket connects, and what it allows.
public struct WebSocketConfiguration: Sendable {
    /// Headers for the upgrade request, such as `Authorization`.
    public var headers: [HTTPHeader] = []

    /// How the server proves who it is, and how we do.
    public var tls: TLSConfiguration

    /// Which connections go through a proxy.
    public var proxy = ProxyPolicy.environment

    /// Which redirects are followed; to another origin none of the headers goes along, and no client certificate.
    public var redirects = RedirectPolicy()

    /// Whether messages may be compressed.
    public var compression: CompressionConfiguration

    /// The largest message to accept, in bytes, before and after it is decompressed: 16 MiB. 2 GiB at most.
    public var messageLimit = 16 << 20

    /// How much may wait to be sent, in bytes, before senders are suspended: 1 MiB.
    public var sendLimit = 1 << 20

    /// How long each of these may take: finding the host, reaching it, TLS, the response to the upgrade.
    public var deadline: Duration = .seconds(10)

    /// Silence after which the server is pinged.
    public var pingInterval: Duration = .seconds(20)

    /// Silence after a ping after which the connection is given up. Any byte ends the silence.
    public var pongDeadline: Duration = .seconds(10)

    /// Makes a configuration; what is not a parameter is set on it.
    ///
    /// - Parameters:
    ///   - headers: for the upgrade request.
    ///   - tls: how the server proves who it is, and how we do.
    ///   - compression: whether messages may be compressed.
    public init(
        headers: [HTTPHeader] = [],
        tls: TLSConfiguration = TLSConfiguration(),
        compression: CompressionConfiguration = .on
    ) {
        self.headers = headers
        self.tls = tls
        self.compression = compression
    }
}

extension WebSocketConfiguration: CustomStringConvertible {
    /// Without the values of headers: they may be secrets.
    public var description: String { "WebSocketConfiguration(headers: \(self.headers))" }
}
