// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
public import FreshetTransport

/// What a connection shows of who it is: asked for before each attempt, and sent nowhere else.
public struct Credentials: Sendable {
    /// For the upgrade request, in addition to the client's own headers; of the same name these count.
    public var headers: [HTTPHeader]

    /// For the source's handshake: the payload of `connection_init`.
    public var parameters: JSONValue?

    /// Where to connect instead of the client's URL, for servers that want credentials in it.
    public var url: String?

    /// How long they are good for, from now on; nil means for ever. A connection whose credentials are about to expire is
    /// replaced by a new one before that, without a gap.
    public var lifetime: Duration?

    /// Returns when their user is signed out, and what the feeds are told then, which end; nil when its task was cancelled.
    package var signedOut: (@Sendable () async -> FreshetError?)?

    /// Which of a session's credentials they are; nil where they are of none.
    package var lease: (any SessionLease)?

    /// While a provider is asked: those that are to be replaced, as its asker has shown them. Several askers that share a provider may
    /// show older ones than it gave last.
    @TaskLocal package static var replaced: Credentials?

    /// Makes credentials.
    ///
    /// - Parameters:
    ///   - headers: for the upgrade request.
    ///   - parameters: for the source's handshake.
    ///   - url: where to connect instead of the client's URL.
    ///   - lifetime: how long they are good for.
    public init(
        headers: [HTTPHeader] = [],
        parameters: JSONValue? = nil,
        url: String? = nil,
        lifetime: Duration? = nil
    ) {
        self.headers = headers
        self.parameters = parameters
        self.url = url
        self.lifetime = lifetime
    }

    /// A bearer token: as a header, and as `token` in the handshake's parameters.
    ///
    /// - Parameters:
    ///   - token: the token.
    ///   - lifetime: how long it is good for.
    /// - Returns: the credentials.
    public static func bearer(_ token: String, lifetime: Duration? = nil) -> Credentials {
        Credentials(
            headers: [HTTPHeader("Authorization", "Bearer \(token)")],
            parameters: ["token": .string(token)],
            lifetime: lifetime
        )
    }

    /// Why credentials are asked for.
    public enum Reason: Sendable, Hashable {
        /// A connection is to be made. What is still good will do.
        case connecting
        /// Those of the live connection are about to expire: newer ones are needed.
        case expiring
        /// The server refused the last ones: others are needed.
        case refused
    }
}

extension Credentials: Hashable {
    /// Whether they show and say the same.
    public static func == (left: Credentials, right: Credentials) -> Bool {
        left.headers == right.headers && left.parameters == right.parameters && left.url == right.url
            && left.lifetime == right.lifetime
    }

    /// Hashes what they show and say.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.headers)
        hasher.combine(self.parameters)
        hasher.combine(self.url)
        hasher.combine(self.lifetime)
    }
}

extension Credentials: CustomStringConvertible {
    /// Names without values: they are secrets.
    public var description: String {
        "Credentials(headers: \(self.headers), parameters: \(self.parameters == nil ? "none" : "…"))"
    }
}

extension Credentials: CustomDebugStringConvertible {
    /// The same.
    public var debugDescription: String { self.description }
}

/// Gives credentials, as of now. Called before each attempt to connect, one call at a time for each client.
///
/// Throw `FreshetError(.unauthorized, …)` when there are none to be had without the user: the client then waits until it is
/// told of new ones. Throw `.unreachable` or `.timeout` when the network failed: it tries again. Everything else ends the
/// feeds. When the client is closed, the call's task is cancelled.
public typealias CredentialProvider = @Sendable (Credentials.Reason) async throws -> Credentials
