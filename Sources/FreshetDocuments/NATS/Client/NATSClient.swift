// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore
public import FreshetTransport
public import Logging

/// NATS with JetStream, over the WebSocket listener of a server: buckets of keys and values, and streams of messages.
///
/// ```swift
/// let client = NATSClient(url: "wss://nats.example.com:443")
/// let users = client.bucket("users", of: User.self)
/// for try await event in users.watch() { … }
/// ```
///
/// Everything goes over one connection, which comes about with the first operation. When it breaks, it is made again with backoff,
/// watches list their bucket again, and streams go on after the last message. The first connection is not retried: a wrong URL
/// fails at once. There is no other way than the WebSocket: while that cannot be had, feeds wait.
public struct NATSClient: Sendable {
    let subscriptions: SubscriptionClient<NATSSource>?
    /// What is wrong with the URL or the configuration.
    let refusal: FreshetError?
    let configuration: NATSClientConfiguration
    let time: TimeSource
    /// Whether streams that were asked about allow direct gets.
    let direct = Locked<[String: Bool]>([:])

    /// Makes a client; nothing is connected before the first operation.
    ///
    /// - Parameters:
    ///   - url: where the server listens for WebSockets, as in `wss://host:443`. One that cannot work is told by the first
    ///     operation, as `.invalidInput`.
    ///   - configuration: credentials, TLS, retries and limits.
    ///   - loop: where to run.
    ///   - logger: told about connections, and what a server does wrong without harm.
    public init(
        url: String,
        configuration: NATSClientConfiguration = NATSClientConfiguration(),
        loop: EventLoop = .shared,
        logger: Logger = Logger(label: "freshet.nats")
    ) {
        // As of NATS' own clients: 22 letters and digits, from the system's random numbers.
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        let nonce = String((0..<22).compactMap { _ in letters.randomElement() })
        self.init(
            url: url,
            configuration: configuration,
            nonce: nonce,
            loop: loop,
            transport: LWSTransport(),
            logger: logger
        )
    }

    package init(
        url: String,
        configuration: NATSClientConfiguration,
        nonce: String,
        loop: EventLoop,
        transport: any WebSocketTransport,
        time: TimeSource = TimeSource(),
        logger: Logger = Logger(label: "freshet.nats")
    ) {
        self.configuration = configuration
        self.time = time
        var settings = NATSSettings()
        settings.api = configuration.apiPrefix
        settings.inbox = configuration.inboxPrefix
        settings.nonce = nonce
        settings.name = configuration.name
        settings.authentication = configuration.authentication
        settings.stateLimit = configuration.stateLimit
        do throws(FreshetError) {
            try NATSSubject.check(configuration.apiPrefix, "the prefix of JetStream's API")
            try NATSSubject.check(configuration.inboxPrefix, "the prefix of inboxes")
            var target = WebSocketTarget(endpoint: try Endpoint(url), configuration: configuration.webSocket)
            if configuration.authentication != nil { target.configuration.redirects.acrossOrigins = false }
            self.subscriptions = SubscriptionClient(
                source: NATSSource(settings),
                target: target,
                policy: configuration.policy,
                credentials: configuration.credentials,
                loop: loop,
                transport: transport,
                time: time,
                logger: logger
            )
            self.refusal = nil
        } catch {
            self.subscriptions = nil
            self.refusal = error
        }
    }

    /// What the connection does, from now on, beginning with its present state. A reader that is slow misses the oldest.
    public var connectionStates: AsyncStream<ConnectionState> {
        self.subscriptions?.states ?? AsyncStream { $0.finish() }
    }

    /// How the client is: now, and again after each interval.
    ///
    /// - Parameter interval: how often.
    /// - Returns: a sequence that ends when its task is cancelled.
    public func health(every interval: Duration = .seconds(1)) -> AsyncStream<ConnectionHealth> {
        self.subscriptions?.health(every: interval) ?? AsyncStream { $0.finish() }
    }

    /// Tells what the app, or its system, knows of the network or of itself: a changed network, sleep, new credentials.
    ///
    /// - Parameter hint: what happened.
    public func hint(_ hint: ConnectionHint) {
        self.subscriptions?.hint(hint)
    }

    /// Ends every open feed with `.clientClosed`, says goodbye to the server, and returns when the connection is gone: after
    /// 1 s at most. It never connects again.
    public func close() async {
        await self.subscriptions?.close()
    }
}
