// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
public import FreshetTransport

/// How a ``GraphQLClient`` connects.
public struct GraphQLClientConfiguration: Sendable {
    /// Headers for the upgrade request, such as `Authorization`.
    public var headers: [HTTPHeader]

    /// The payload of `connection_init`; nil sends none.
    public var connectionParameters: JSONValue?

    /// How the server proves who it is.
    public var tls: TLSConfiguration

    /// How long to wait between attempts.
    public var backoff: Backoff

    /// How many attempts may fail one after another before every feed fails; nil: no limit. It starts again after 30
    /// healthy seconds. The very first connection is never retried.
    public var retries: Int?

    /// The largest message to accept, in bytes.
    public var messageLimit: Int

    /// Makes a configuration.
    ///
    /// - Parameters:
    ///   - headers: for the upgrade request.
    ///   - connectionParameters: the payload of `connection_init`.
    ///   - tls: how the server proves who it is.
    ///   - backoff: how long to wait between attempts.
    ///   - retries: attempts that may fail one after another; nil: no limit.
    ///   - messageLimit: the largest message to accept, in bytes.
    public init(
        headers: [HTTPHeader] = [],
        connectionParameters: JSONValue? = nil,
        tls: TLSConfiguration = TLSConfiguration(),
        backoff: Backoff = Backoff(),
        retries: Int? = nil,
        messageLimit: Int = 16 << 20
    ) {
        self.headers = headers
        self.connectionParameters = connectionParameters
        self.tls = tls
        self.backoff = backoff
        self.retries = retries
        self.messageLimit = messageLimit
    }

    var policy: ConnectionMachine.Policy {
        var policy = ConnectionMachine.Policy()
        policy.backoff = self.backoff
        policy.attempts = self.retries
        return policy
    }
}

extension GraphQLClientConfiguration: CustomStringConvertible {
    /// Without the values of headers and parameters: they may be secrets.
    public var description: String {
        let parameters = self.connectionParameters == nil ? "none" : "…"
        return "GraphQLClientConfiguration(headers: \(self.headers), connectionParameters: \(parameters))"
    }
}
