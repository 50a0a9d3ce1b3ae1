// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
import FreshetTransport

/// A proxy on 127.0.0.1, between a client and a server, that does what networks and servers do on bad days.
///
/// ```swift
/// let proxy = try FaultProxy(to: "ws://127.0.0.1:4000/graphql")
/// let api = GraphQLClient(url: proxy.url)
/// // … iterate, then
/// proxy.cut(.reset)                                                  // every connection, now
/// proxy.conditions.latency = .milliseconds(200)                      // from now on
/// try proxy.add(FaultRule(.upgrade(), .refuse(503), times: 3))       // the next three upgrades
/// ```
///
/// It is a proxy for TCP: ``conditions`` and ``cut(_:connection:)`` work with any protocol, TLS included. It also reads HTTP/1.1 and
/// WebSocket; for these there are rules, and a log of requests, answers and frames to assert on: without TLS, or where the proxy
/// ends it, with a ``TestAuthority`` in its configuration. Where no fault says otherwise, bytes go on as they came; a frame goes on
/// when all of it has come.
///
/// What is called takes effect before anything that is sent after the call has returned. All connections share one thread. When
/// the last reference goes away, the proxy stops.
public final class FaultProxy: Sendable {
    /// Where it listens, on 127.0.0.1.
    public let port: Int
    /// What a client is to be given: the server's URL, with the proxy's address in it; `wss:` or `https:` where the proxy ends TLS.
    public let url: String
    private let shared: ProxyShared

    /// Starts a proxy before a server.
    ///
    /// - Parameters:
    ///   - url: where the server is: `ws:`, `wss:`, `http:` or `https:`. Its name is resolved once, here.
    ///   - configuration: what is kept, and where chance comes from.
    ///   - clock: what latencies and pauses are measured by.
    ///   - onEntry: hears of each entry of the log when it is made, those that the log does not keep too. It is called on the proxy's
    ///     thread, in order, and holds it up; entries of calls come on the caller's.
    /// - Throws: `.invalidInput` when the URL cannot be, or there is no port to listen on; `.unreachable` when the server's name is
    ///   not known.
    public init<C: Clock<Duration>>(
        to url: String,
        configuration: FaultProxyConfiguration = FaultProxyConfiguration(),
        clock: C = ContinuousClock(),
        onEntry: (@Sendable (FaultLogEntry) -> Void)? = nil
    ) throws(FreshetError) {
        let endpoint = try Endpoint(url)
        guard endpoint.socketPath == nil else {
            throw FreshetError(.invalidInput, "a fault proxy connects to a host, and not to a Unix socket")
        }
        let endsTLS = configuration.authority != nil
        guard !endsTLS || !endpoint.secure else {
            throw FreshetError(
                .invalidInput,
                "a fault proxy that ends TLS talks plain TCP to the server",
                hint: "give it a ws: or http: URL, or no authority"
            )
        }
        let upstream = try ProxyUpstream(host: endpoint.host, port: endpoint.port)
        let shared = try ProxyShared(configuration, ProxyClock(clock), onEntry)
        let listener = try ProxyListener()
        self.shared = shared
        self.port = listener.port
        let scheme = String(url.prefix { $0 != ":" })
        self.url = "\(scheme)\(endsTLS ? "s" : "")://127.0.0.1:\(listener.port)\(endpoint.target)"
        Thread.start { ProxyLoop(shared, listener, upstream).run() }
    }

    deinit { self.shared.stop() }

    /// What the network is like. Set it, or a part of it, at any time; each setting is noted in the log.
    public var conditions: NetworkConditions {
        get { self.shared.conditions }
        set { self.shared.set(newValue) }
    }

    /// Adds a rule, after those that are there. Of several rules that match, the first one acts that may still do so.
    ///
    /// - Parameter rule: what happens when.
    /// - Throws: `.invalidInput` when the action means nothing there, as a refusal of a frame.
    public func add(_ rule: FaultRule) throws(FreshetError) {
        guard rule.action.isPossible(at: rule.match.moment) else {
            throw FreshetError(
                .invalidInput,
                "this rule's action is not for what it matches",
                hint: "upgrades and requests are answered, frames are changed; FaultAction says which is for what"
            )
        }
        let number = self.shared.rules { $0.add(rule) }
        if case .delay(let delay) = rule.match.moment {
            self.shared.add(.arm(rule: number, rule.match, due: self.shared.clock.now() + delay))
        }
    }

    /// Removes a rule that was added. What it has done stays done.
    ///
    /// - Parameter rule: all that are equal to it go.
    public func remove(_ rule: FaultRule) {
        self.shared.rules { $0.remove(rule) }
    }

    /// Removes all rules. What they have done stays done.
    public func removeRules() {
        self.shared.rules { $0.removeAll() }
    }

    /// Ends connections now. What is held back by latency or bandwidth is lost.
    ///
    /// - Parameters:
    ///   - cut: how.
    ///   - connection: which one, by its number from 1; nil for all that are open.
    public func cut(_ cut: FaultCut, connection: Int? = nil) {
        self.shared.add(.act(.cut(cut), connection: connection))
    }

    /// Closes WebSockets as a server would, with a close frame to the client; the server's side is cut.
    ///
    /// - Parameters:
    ///   - code: of the close frame, also one that is not allowed; 1005 for none.
    ///   - reason: in it.
    ///   - connection: which one, by its number from 1; nil for all that are open.
    public func close(code: UInt16, reason: String = "", connection: Int? = nil) {
        self.shared.add(.act(.close(code: code, reason: reason), connection: connection))
    }

    /// Sends a text message to clients, as if it came from the server.
    ///
    /// - Parameters:
    ///   - text: the message.
    ///   - connection: which one, by its number from 1; nil for all that are open.
    public func inject(_ text: String, connection: Int? = nil) {
        self.shared.add(.act(.inject(text), connection: connection))
    }

    /// Sends bytes to clients as they are, as if they came from the server: frames that no server should send, or half of one.
    ///
    /// - Parameters:
    ///   - bytes: what to send, after the frames that were passed on before.
    ///   - connection: which one, by its number from 1; nil for all WebSockets that are open.
    public func inject(bytes: [UInt8], connection: Int? = nil) {
        self.shared.add(.act(.injectBytes(bytes), connection: connection))
    }

    /// Passes on nothing more, either way, of WebSockets that are open, and leaves them open (`srv.silent`).
    ///
    /// - Parameter connection: which one, by its number from 1; nil for all WebSockets that are open.
    public func silence(connection: Int? = nil) {
        self.shared.add(.act(.dropOnwards, connection: connection))
    }

    /// What has passed, the newest entries in order: as many as the configuration says.
    public var log: [FaultLogEntry] { self.shared.log.entries }

    /// Waits for an entry of the log.
    ///
    /// - Parameters:
    ///   - number: only entries after this one count: 0 for all that the log still has.
    ///   - isWanted: whether it is the one; may be called from any thread.
    /// - Returns: the first one; nil when the proxy has stopped or the task was cancelled before it came.
    public func entry(
        after number: Int = 0,
        where isWanted: @Sendable (FaultLogEntry) -> Bool
    ) async -> FaultLogEntry? {
        await self.shared.log.first(after: number, where: isWanted)
    }

    /// Ends every connection, and the proxy, for good.
    public func stop() { self.shared.stop() }
}
