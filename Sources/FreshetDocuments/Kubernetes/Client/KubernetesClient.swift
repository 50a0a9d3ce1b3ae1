// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore
import FreshetHTTP
public import FreshetTransport
public import Logging

/// The objects of a Kubernetes cluster: listed, watched without a seam, and written.
///
/// ```swift
/// let cluster = try KubernetesClient(.kubeconfig())
/// let maps = try cluster.resources(of: "v1", "configmaps", as: ConfigMap.self, namespace: "default")
/// for try await event in maps.watch() {
///     for change in event.changes { print(change.key, change.version) }
/// }
/// ```
///
/// Each watch is a WebSocket of its own, or a chunked answer of HTTP where the upgrade is refused, or a list that is asked for
/// again and again where both are. When it breaks, or ends as all watches do, it goes on from the last resourceVersion, without
/// a gap; when the server no longer has what came since (410), the feed says so by a gap, and a new list follows it.
///
/// Until the server has answered once nothing is tried again, unless `policy.waitsForFirstConnection`: a wrong URL fails at
/// once. It can be used from any thread; copies share everything.
public struct KubernetesClient: Sendable {
    let api: KubernetesAPI
    let watches: SubscriptionClient<KubernetesSource>
    let configuration: KubernetesConfiguration

    /// Makes a client; nothing is connected before the first operation.
    ///
    /// - Parameters:
    ///   - configuration: where the API is, and as whom to ask.
    ///   - loop: where watches run.
    ///   - logger: told about connections, and what a server does wrong without harm; never about objects or secrets.
    /// - Throws: `.invalidInput` when the URL, or a header field, cannot work.
    public init(
        _ configuration: KubernetesConfiguration,
        loop: EventLoop = .shared,
        logger: Logger = Logger(label: "freshet.kubernetes")
    ) throws(FreshetError) {
        try self.init(configuration, loop: loop, webSockets: LWSTransport(), logger: logger)
    }

    package init(
        _ configuration: KubernetesConfiguration,
        loop: EventLoop,
        webSockets: any WebSocketTransport,
        http: (any HTTPTransport)? = nil,
        time: TimeSource = TimeSource(),
        logger: Logger = Logger(label: "freshet.kubernetes")
    ) throws(FreshetError) {
        var configuration = configuration
        configuration.server = configuration.base
        let endpoint = try Endpoint(configuration.server)
        if !configuration.webSocket.headers.contains(where: { $0.name.lowercased() == "origin" }) {
            let origin = "\(endpoint.secure ? "https" : "http")://\(endpoint.authority)"
            configuration.webSocket.headers.append(HTTPHeader("Origin", origin))
        }
        let api = try KubernetesAPI(configuration, transport: http, time: time)
        configuration.policy.close.decide = Self.decision(
            configuration.policy.close.decide,
            hasAnswered: { api.hasAnswered }
        )
        self.configuration = configuration
        self.api = api
        self.watches = SubscriptionClient(
            source: KubernetesSource(),
            target: WebSocketTarget(endpoint: endpoint, configuration: configuration.webSocket),
            policy: configuration.policy,
            credentials: configuration.credentials,
            loop: loop,
            transport: KubernetesTransport(
                server: configuration.server,
                api: api,
                transport: webSockets,
                watchTime: configuration.watchTime,
                time: time
            ),
            time: time,
            logger: logger
        )
    }

    /// The connection of all watches opens without a network, so the rule that the first failure is told at once has to be kept
    /// here.
    private static func decision(
        _ users: (@Sendable (FreshetError) -> ClosePolicy.Decision?)?,
        hasAnswered: @escaping @Sendable () -> Bool
    ) -> @Sendable (FreshetError) -> ClosePolicy.Decision? {
        { error in
            if let decision = users?(error) { return decision }
            guard !hasAnswered() else { return nil }
            return switch error.kind {
            case .unreachable, .timeout, .interrupted, .tls, .closed: .fatal
            default: nil
            }
        }
    }

    /// Objects of one kind, as a type of your own.
    ///
    /// - Parameters:
    ///   - version: that of the API: `"v1"`, or group and version as in `"apps/v1"`.
    ///   - resource: the kind in the plural, as in `"pods"`.
    ///   - type: what an object is decoded as: all of it, with its `metadata`.
    ///   - namespace: the one to look into; nil: all of them, or a kind that has none.
    ///   - labels: a selector, as in `app=web,tier!=cache`.
    ///   - fields: another one, as in `status.phase=Running`.
    /// - Returns: the objects; keys are names, and `namespace/name` for objects of all namespaces.
    /// - Throws: `.invalidInput` for names that cannot be.
    public func resources<Value: Codable & Sendable>(
        of version: String,
        _ resource: String,
        as type: Value.Type = Value.self,
        namespace: String? = nil,
        labels: String? = nil,
        fields: String? = nil
    ) throws(FreshetError) -> KubernetesResources<Value> {
        try self.resources(
            of: version,
            resource,
            coding: .json,
            namespace: namespace,
            labels: labels,
            fields: fields
        )
    }

    /// Objects of one kind, with a coding of your own: `.bytes` for their JSON as it came.
    ///
    /// - Parameters:
    ///   - version: that of the API: `"v1"`, or group and version as in `"apps/v1"`.
    ///   - resource: the kind in the plural, as in `"pods"`.
    ///   - coding: how objects become values.
    ///   - namespace: the one to look into; nil: all of them, or a kind that has none.
    ///   - labels: a selector, as in `app=web,tier!=cache`.
    ///   - fields: another one, as in `status.phase=Running`.
    /// - Returns: the objects; keys are names, and `namespace/name` for objects of all namespaces.
    /// - Throws: `.invalidInput` for names that cannot be.
    public func resources<Value: Sendable>(
        of version: String,
        _ resource: String,
        coding: DocumentCoding<Value>,
        namespace: String? = nil,
        labels: String? = nil,
        fields: String? = nil
    ) throws(FreshetError) -> KubernetesResources<Value> {
        let path = try KubernetesPath(version, resource, namespace: namespace, labels: labels, fields: fields)
        return KubernetesResources(client: self, path: path, coding: coding)
    }

    // MARK: - The connection

    /// What the connection of all watches does, from now on, beginning with its present state. A reader that is slow misses the
    /// oldest.
    ///
    /// It is `live` as soon as something is watched; `degraded` says how many watches are broken at present, and are made again.
    public var connectionStates: AsyncStream<ConnectionState> { self.watches.states }

    /// How the client is: now, and again after each interval.
    ///
    /// - Parameter interval: how often.
    /// - Returns: a sequence that ends when its task is cancelled.
    public func health(every interval: Duration = .seconds(1)) -> AsyncStream<ConnectionHealth> {
        self.watches.health(every: interval)
    }

    /// Tells what the app, or its system, knows of the network or of itself: a changed network, sleep, new credentials.
    ///
    /// - Parameter hint: what happened.
    public func hint(_ hint: ConnectionHint) { self.watches.hint(hint) }

    /// Ends every open feed with `.clientClosed`, says goodbye to the server, and returns when all watches are gone: after 1 s
    /// at most. It never watches again.
    public func close() async { await self.watches.close() }
}
