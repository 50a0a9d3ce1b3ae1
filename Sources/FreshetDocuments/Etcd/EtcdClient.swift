// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore
package import FreshetHTTP
public import FreshetTransport
public import Logging

/// Documents in an etcd (version 3.4 or newer): read and written over HTTP, watched over one WebSocket.
///
/// ```swift
/// let etcd = EtcdClient(url: "https://etcd.example:2379")
/// let users = etcd.documents(User.self, under: "users/")
/// for try await event in users.watch() { … }
/// ```
///
/// The connection comes about with the first watch and goes with the last. When it breaks, it is made again with backoff, and
/// each watch goes on after the last revision that it has handed out: nothing is missing, and nothing comes twice. What etcd does
/// not have any more is told as a gap, and made up for by the whole state.
///
/// Where no WebSocket is to be had each watch is a request over HTTP whose answer goes on, and where that is not to be had
/// either, documents are listed again and again. Where authentication is on, watches are requests in any case: etcd's WebSocket
/// takes no tokens.
///
/// It can be used from any thread, and copies share their connections.
public struct EtcdClient: Sendable {
    /// How the server is reached.
    struct Connections: Sendable {
        let http: EtcdHTTP
        let subscriptions: SubscriptionClient<EtcdSource>
    }

    /// Why nothing can be done, where the URL cannot be.
    let connections: Result<Connections, FreshetError>
    let configuration: EtcdClientConfiguration

    /// Makes a client; nothing is connected before the first call.
    ///
    /// - Parameters:
    ///   - url: where etcd is, as in `https://host:2379`. One that cannot work is told by the first call, as `.invalidInput`.
    ///   - configuration: TLS, user, retries and limits.
    ///   - loop: where to run.
    ///   - logger: told about connections, and what a server does wrong without harm.
    public init(
        url: String,
        configuration: EtcdClientConfiguration = EtcdClientConfiguration(),
        loop: EventLoop = .shared,
        logger: Logger = Logger(label: "freshet.etcd")
    ) {
        self.init(url: url, configuration: configuration, loop: loop, webSocket: LWSTransport(), logger: logger)
    }

    package init(
        url: String,
        configuration: EtcdClientConfiguration,
        loop: EventLoop,
        webSocket: any WebSocketTransport,
        http transport: (any HTTPTransport)? = nil,
        time: TimeSource = TimeSource(),
        logger: Logger = Logger(label: "freshet.etcd")
    ) {
        self.configuration = configuration
        do throws(FreshetError) {
            let http = try EtcdHTTP(url: url, configuration: configuration, transport: transport, time: time)
            let streams = HTTPStreamTransport(
                steps: { Self.step($0) },
                exchange: { message, line throws(FreshetError) in try await http.watch(message, line) }
            )
            let hasUser = configuration.user != nil || configuration.credentials != nil
            let subscriptions = SubscriptionClient(
                source: EtcdSource(),
                target: WebSocketTarget(
                    endpoint: try Endpoint(Self.watchURL(of: url)),
                    configuration: configuration.webSocket
                ),
                policy: configuration.policy,
                loop: loop,
                // A token cannot be sent along with a WebSocket.
                transport: hasUser ? streams : FallbackTransport(webSocket, or: streams, time: time),
                time: time,
                logger: logger
            )
            self.connections = .success(Connections(http: http, subscriptions: subscriptions))
        } catch {
            self.connections = .failure(error)
        }
    }

    var http: EtcdHTTP { get throws(FreshetError) { try self.connections.get().http } }

    private var subscriptions: SubscriptionClient<EtcdSource>? { try? self.connections.get().subscriptions }

    private static func step(_ message: WebSocketMessage) -> HTTPStreamTransport.Step {
        guard let request = EtcdRequest.reading(message) else { return .nothing }
        return request.isCreate ? .begin(request.id) : .end(request.id)
    }

    private static func watchURL(of url: String) -> String {
        url.hasSuffix("/") ? "\(url)v3/watch" : "\(url)/v3/watch"
    }

    // MARK: - Documents

    /// The documents whose keys begin with a prefix, as JSON.
    ///
    /// - Parameters:
    ///   - type: what they are.
    ///   - prefix: what their keys begin with; nothing: all documents.
    /// - Returns: the collection.
    public func documents<Value: Codable & Sendable>(
        _ type: Value.Type = Value.self,
        under prefix: String
    ) -> EtcdDocuments<Value> {
        self.documents(type, under: prefix, coding: .json)
    }

    /// The documents whose keys begin with a prefix.
    ///
    /// - Parameters:
    ///   - type: what they are.
    ///   - prefix: what their keys begin with; nothing: all documents.
    ///   - coding: how they become values, and values documents.
    /// - Returns: the collection.
    public func documents<Value: Sendable>(
        _ type: Value.Type = Value.self,
        under prefix: String,
        coding: DocumentCoding<Value>
    ) -> EtcdDocuments<Value> {
        EtcdDocuments(client: self, prefix: prefix, coding: coding)
    }

    // MARK: - The connection

    /// What the watches' connection does, from now on, beginning with its present state. A reader that is slow misses the
    /// oldest.
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

    /// Tells what the app, or its system, knows of the network or of itself: a changed network, sleep.
    ///
    /// - Parameter hint: what happened.
    public func hint(_ hint: ConnectionHint) {
        self.subscriptions?.hint(hint)
    }

    /// Ends every watch with `.clientClosed`, says goodbye to the server, and returns when the connection is gone: after 1 s at
    /// most. It never connects again; calls over HTTP still work.
    public func close() async {
        await self.subscriptions?.close()
    }
}
