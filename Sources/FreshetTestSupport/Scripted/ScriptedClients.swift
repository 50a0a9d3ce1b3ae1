// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore
public import FreshetGraphQL
public import FreshetTransport
import Logging

extension GraphQLClient {
    /// A client whose connections and time are a test's.
    ///
    /// - Parameters:
    ///   - transport: its connections.
    ///   - clock: its time: backoff, deadlines, expiry.
    ///   - jitter: what the backoff takes for chance, in 0..<1; with one half the first wait is 125 ms.
    ///   - configuration: as of a real one.
    ///   - loop: where to run.
    public init(
        scripted transport: ScriptedTransport,
        clock: ManualClock,
        jitter: Double = 0.5,
        configuration: GraphQLClientConfiguration = GraphQLClientConfiguration(),
        loop: EventLoop = .shared
    ) {
        var configuration = configuration
        // Without a script for HTTP, everything goes over the one that there is.
        if configuration.http.transport == nil { configuration.carrier = .webSocket }
        self.init(
            url: "ws://127.0.0.1:1/graphql",
            configuration: configuration,
            loop: loop,
            transport: transport,
            time: TimeSource(clock, jitter: { jitter })
        )
    }
}

extension SubscriptionClient {
    /// A client whose connections and time are a test's, for a source of your own.
    ///
    /// - Parameters:
    ///   - source: how the server speaks.
    ///   - transport: its connections.
    ///   - clock: its time: backoff, deadlines, expiry.
    ///   - jitter: what the backoff takes for chance, in 0..<1.
    ///   - policy: as of a real one.
    ///   - credentials: asked before each attempt.
    ///   - loop: where to run.
    /// - Throws: never; the address is a good one.
    public init(
        source: Source,
        scripted transport: ScriptedTransport,
        clock: ManualClock,
        jitter: Double = 0.5,
        policy: ConnectionPolicy = ConnectionPolicy(),
        credentials: CredentialProvider? = nil,
        loop: EventLoop = .shared
    ) throws(FreshetError) {
        self.init(
            source: source,
            target: WebSocketTarget(endpoint: try Endpoint("ws://127.0.0.1:1/")),
            policy: policy,
            credentials: credentials,
            loop: loop,
            transport: transport,
            time: TimeSource(clock, jitter: { jitter }),
            logger: Logger(label: "freshet.test")
        )
    }
}
