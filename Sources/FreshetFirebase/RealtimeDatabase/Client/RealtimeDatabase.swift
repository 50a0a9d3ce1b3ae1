// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import Freshet
public import FreshetCore
import FreshetDocuments
package import FreshetHTTP
public import FreshetTransport
public import Logging

/// A Firebase Realtime Database: a tree of JSON that others change too.
///
/// ```swift
/// let database = RealtimeDatabase(url: "https://name.firebaseio.com")
/// let user = database.reference("users/1")
/// try await user.set(User(name: "Ada"))
/// for try await event in user.observe(as: User.self) { print(event.value as Any) }
/// ```
///
/// Everything goes over one WebSocket, which comes about with the first operation. When it breaks it is made again with backoff, and
/// each feed is told a gap and then the whole state; what has not changed is not sent again. Where the upgrade is refused the same goes
/// over HTTP: requests, and server-sent events for what is observed.
///
/// It can be used from any thread, and copies share their connection. It was never run against Google's servers: see
/// docs/realtime-database.md.
public struct RealtimeDatabase: Sendable {
    let subscriptions: SubscriptionClient<RealtimeSource>?
    /// What is wrong with the URL or the configuration.
    let refusal: FreshetError?
    let configuration: RealtimeDatabaseConfiguration
    let time: TimeSource
    private let memory: RealtimeMemory
    private let pushKeys = Locked(RealtimePushKey())

    /// Makes a client; nothing is connected before the first operation.
    ///
    /// - Parameters:
    ///   - url: the database's, as in `https://name.firebaseio.com`; of an emulator or a host of your own `http://host:port?ns=name`.
    ///     `ws:` and `wss:` mean the same. One that cannot work is told by the first operation, as `.invalidInput`.
    ///   - configuration: credentials, TLS, retries and limits.
    ///   - loop: where to run.
    ///   - logger: told about connections, and what a server does wrong without harm.
    public init(
        url: String,
        configuration: RealtimeDatabaseConfiguration = RealtimeDatabaseConfiguration(),
        loop: EventLoop = .shared,
        logger: Logger = Logger(label: "freshet.realtime-database")
    ) {
        self.init(url: url, configuration: configuration, loop: loop, webSocket: LWSTransport(), logger: logger)
    }

    package init(
        url text: String,
        configuration: RealtimeDatabaseConfiguration,
        loop: EventLoop,
        webSocket: any WebSocketTransport,
        http: (any HTTPTransport)? = nil,
        time: TimeSource = TimeSource(),
        logger: Logger = Logger(label: "freshet.realtime-database")
    ) {
        self.configuration = configuration
        self.time = time
        let memory = RealtimeMemory()
        self.memory = memory
        do throws(FreshetError) {
            let url = try RealtimeURL(text)
            let rest = try RealtimeREST(
                url: url,
                webSocket: configuration.webSocket,
                credentials: configuration.credentials,
                messageLimit: configuration.messageLimit,
                transport: http,
                time: time
            )
            let streams = HTTPStreamTransport(
                steps: { RealtimeREST.step($0) },
                exchange: { message, line throws(FreshetError) in try await rest.exchange(message, line) }
            )
            let sockets = RealtimeTransport(url: url, memory: memory, transport: webSocket, time: time)
            self.subscriptions = SubscriptionClient(
                source: RealtimeSource(
                    memory: memory,
                    messageLimit: configuration.messageLimit,
                    keepsHost: url.isGoogle
                ),
                target: WebSocketTarget(
                    endpoint: try Endpoint(url.webSocket(host: nil, session: nil)),
                    configuration: configuration.webSocket
                ),
                policy: configuration.policy,
                credentials: Self.withoutEnd(configuration.credentials, rest),
                loop: loop,
                transport: FallbackTransport(sockets, or: streams, time: time),
                time: time,
                logger: logger
            )
            self.refusal = nil
        } catch {
            self.subscriptions = nil
            self.refusal = error
        }
    }

    /// A connection is not replaced ahead of its token's end: the server would let the old one go, and do what it was asked to do when
    /// it is gone, without anybody being told. It says itself when a token is over.
    private static func withoutEnd(_ provider: CredentialProvider?, _ rest: RealtimeREST) -> CredentialProvider? {
        guard let provider else { return nil }
        return { reason in
            var credentials = try await provider(reason)
            await rest.adopt(credentials)
            credentials.lifetime = nil
            return credentials
        }
    }

    // MARK: - Places

    /// A place in the database. Nothing is asked of the server by this.
    ///
    /// - Parameter path: the keys that lead there, with slashes between them; nothing: the root.
    /// - Returns: the place. One that cannot be is told by its operations, as `.invalidInput`.
    public func reference(_ path: String = "") -> RealtimeReference {
        RealtimeReference(database: self, target: RealtimeTarget(RealtimePath(path)))
    }

    /// A key that no other client makes, and that comes after those that were made before: 20 letters.
    ///
    /// - Returns: the key.
    public func newKey() -> String {
        let time = Int64((Date().timeIntervalSince1970 * 1000).rounded())
        return self.pushKeys.withLock { keys in keys.next(at: time) { Int.random(in: 0..<64) } }
    }

    // MARK: - The connection

    /// Whether the server is there, now and whenever that changes: what `.info/connected` says. It does not keep the connection:
    /// iterate a feed as well, or set the policy's `eager`.
    public var connected: AsyncStream<Bool> {
        let states = self.connectionStates
        return AsyncStream(bufferingPolicy: .bufferingNewest(16)) { continuation in
            let task = Task {
                var last: Bool?
                for await state in states {
                    let isConnected =
                        switch state {
                        case .live, .degraded: true
                        default: false
                        }
                    if isConnected != last { continuation.yield(isConnected) }
                    last = isConnected
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// The server's clock minus this machine's, as the last greeting said: what `.info/serverTimeOffset` says. nil before the first one.
    public var clockOffset: Duration? { self.memory.clockOffset }

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
