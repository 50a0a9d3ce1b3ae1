// SPDX-License-Identifier: Apache-2.0

import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// From a target to an open tunnel: the name, the proxy, the addresses raced, TLS, the upgrade, redirects; each with its deadline.
/// Lives on the loop's thread.
final class Dialer {
    enum Outcome {
        /// The socket has no owner's calls yet: it is to be handed over within the call.
        case opened(Socket, Upgrade.Agreement)
        case ended(ConnectionEnd)
    }

    /// How long to wait for the body of a refusal.
    private static let bodyDeadline: Duration = .seconds(2)

    private let target: WebSocketTarget
    private let loop: EventLoop
    var resolve: NameResolver.Resolve = NameResolver.resolve  // tests have a table of their own
    var route: NetworkRoute?
    private let completion: (Outcome) -> Void
    /// Where we are now: redirects move it on.
    private var endpoint: Endpoint
    private var headers: [HTTPHeader]
    private var tls: TLSConfiguration
    private var redirects = 0
    private var upgrade: Upgrade?
    private var proxy: Proxy?
    private var race = AddressRace([])
    private var attempts: [Int: Attempt] = [:]
    private var winner: Attempt?
    /// Whether the winner's request is on its way: past the proxy, where there is one.
    private var hasAsked = false
    private var probe: ProxyProbe?
    private var raceTimer: UInt64?
    private var deadline: UInt64?
    private var lastFailure: FreshetError?
    private var refusal: (response: RefusalReader, error: (HTTPRefusal) -> ConnectionEnd)?
    private var over = false

    init(_ target: WebSocketTarget, on loop: EventLoop, completion: @escaping (Outcome) -> Void) {
        self.target = target
        self.loop = loop
        self.endpoint = target.endpoint
        self.headers = target.configuration.headers
        self.tls = target.configuration.tls
        self.completion = completion
    }

    /// Gives up; the completion is not called any more.
    func cancel() {
        self.over = true
        self.disarm()
        self.abandonAttempts()
    }

    // MARK: - Finding the way

    func start() {
        self.hasAsked = false
        do throws(FreshetError) {
            var random = SystemRandomNumberGenerator()
            self.upgrade = try Upgrade(
                endpoint: self.endpoint,
                subprotocols: self.target.subprotocols,
                headers: self.headers,
                compression: self.target.configuration.compression,
                randomBytes: (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            )
            self.proxy = try self.target.configuration.proxy.proxy(
                for: self.endpoint,
                environment: ProcessEnvironment.value(of:)
            )
        } catch {
            return self.fail(error)
        }
        if let path = self.endpoint.socketPath { return self.connect(to: ["+\(path)"]) }
        self.arm(.resolve)
        let confined = LoopConfined(self)
        self.resolve(self.proxy?.host ?? self.endpoint.host, self.loop) { answer in
            guard let dialer = confined.object, !dialer.over else { return }
            switch answer {
            case .addresses(let addresses): dialer.connect(to: addresses)
            case .failure(let error): dialer.fail(error)
            }
        }
    }

    // MARK: - The race

    private func connect(to addresses: [String]) {
        self.arm(.connect)
        self.race = AddressRace(addresses)
        self.runRace(.start)
    }

    private func runRace(_ event: AddressRace.Event) {
        for action in self.race.on(event) {
            switch action {
            case .attempt(let index, let address): self.attempt(index, at: address)
            case .startTimer(let delay):
                self.stopRaceTimer()
                self.raceTimer = self.loop.schedule(after: delay) { [weak self] in self?.runRace(.timer) }
            case .stopTimer: self.stopRaceTimer()
            case .abandon(let index): self.attempts.removeValue(forKey: index)?.abandon()
            case .won(let index): self.winner = self.attempts.removeValue(forKey: index)
            case .lost: self.fail(self.lastFailure ?? FreshetError(.unreachable, "\(self.endpoint) has no address"))
            }
        }
    }

    private func attempt(_ index: Int, at address: String) {
        guard !self.over, let request = self.upgrade?.request else { return }
        do throws(FreshetError) {
            var key = HostKey(tls: self.endpoint.secure ? self.tls : nil)
            if var proxy = self.proxy {
                proxy.host = address
                key.proxy = proxy
            }
            let name = self.endpoint.host
            let route = unsafe Socket.Route(
                address: self.proxy == nil ? address : name.contains(":") ? "[\(name)]" : name,
                port: self.proxy == nil ? self.route?.port ?? self.endpoint.port : self.endpoint.port,
                serverName: self.tls.serverName ?? name,
                host: try self.loop.host(for: key)
            )
            let attempt = Attempt(index, address: address, of: self, on: self.loop)
            self.attempts[index] = attempt
            attempt.connect(to: route, request: request)
        } catch {
            self.fail(error)
        }
    }

    private func stopRaceTimer() {
        if let timer = self.raceTimer.take() { self.loop.cancel(timer: timer) }
    }

    private func abandonAttempts() {
        self.stopRaceTimer()
        for attempt in self.attempts.values { attempt.abandon() }
        self.attempts = [:]
        self.winner?.abandon()
        self.winner = nil
        self.probe?.abandon()
        self.probe = nil
    }

    // MARK: - What the attempts tell

    func attempt(_ attempt: Attempt, reached phase: Socket.Phase) {
        if self.winner == nil { self.runRace(.connected(attempt.index)) }
        guard attempt === self.winner else { return }
        switch phase {
        case .tls: self.arm(self.endpoint.secure ? .tls : .upgrade)
        case .response:
            self.hasAsked = true
            self.arm(.upgrade)
        }
    }

    func attempt(_ attempt: Attempt, responded status: Int, header: (String) -> String?) -> Socket.Response {
        guard attempt === self.winner, let upgrade = self.upgrade, let socket = attempt.socket else { return .refuse }
        do throws(FreshetError) {
            if status == 101 {
                let agreement = try upgrade.check(header: header)
                self.finish(.opened(socket, agreement))
                return .tunnel
            }
            if [301, 302, 303, 307, 308].contains(status), let location = header("location") {
                try self.redirect(to: location)
                return .refuse
            }
        } catch {
            self.fail(error)
            return .refuse
        }
        let now = Int64(time(nil))
        let certificateWanted = status == 400 && socket.certificateWanted
        self.refusal = (
            RefusalReader(
                status: status,
                retryAfter: header("retry-after").flatMap { RetryAfter.parse($0, now: now) },
                authenticate: header("www-authenticate")
            ),
            { [endpoint, headers] refusal in
                let error =
                    certificateWanted
                    ? TLSEnd.certificateWanted(by: endpoint.authority, refusal: refusal)
                    : refusal.error(from: endpoint, sent: headers)
                return .failure(error, retryAfter: refusal.retryAfter)
            }
        )
        if header("content-length") == "0" {
            self.finishRefusal()
            return .refuse
        }
        self.disarm()
        self.deadline = self.loop.schedule(after: Self.bodyDeadline) { [weak self] in self?.finishRefusal() }
        return .body
    }

    func attempt(_ attempt: Attempt, received bytes: Bytes) {
        guard attempt === self.winner, self.refusal != nil else { return }
        self.refusal?.response.append(bytes)
        if self.refusal?.response.isFull == true { self.finishRefusal() }
    }

    func attempt(_ attempt: Attempt, ended end: SocketEnd) {
        guard !self.over else { return }
        if attempt === self.winner {
            if self.refusal != nil { return self.finishRefusal() }
            if end.kind == .proxy { return self.askProxy(at: attempt.address) }
            return self.fail(end.error(for: self.endpoint, address: attempt.address, proxy: self.proxy))
        }
        self.attempts[attempt.index] = nil
        if end.kind == .proxy {
            self.abandonAttempts()
            return self.askProxy(at: attempt.address)
        }
        self.lastFailure = end.error(for: self.endpoint, address: attempt.address, proxy: self.proxy)
        self.runRace(.failed(attempt.index))
    }

    // MARK: - Not the answer that was hoped for

    /// Follows a redirect, within bounds. Another origin gets nothing that may be a credential, as any header may.
    private func redirect(to location: String) throws(FreshetError) {
        let next = try self.endpoint.redirected(to: location)
        try self.target.checkRedirect(from: self.endpoint, to: next, after: self.redirects)
        if !next.hasSameOrigin(as: self.endpoint) {
            self.headers = []
            self.tls.identity = nil
        }
        self.abandonAttempts()
        self.redirects += 1
        self.endpoint = next
        self.start()
    }

    private func finishRefusal() {
        guard let (response, end) = self.refusal.take() else { return }
        self.finish(.ended(end(response.refusal)))
    }

    /// libwebsockets does not tell what the proxy answered, so it is asked once more, for its status alone.
    private func askProxy(at address: String) {
        guard let proxy = self.proxy else { return }
        self.arm(.upgrade)
        let probe = ProxyProbe(proxy, at: address, for: self.endpoint, on: self.loop) { [weak self] error in
            self?.fail(error)
        }
        self.probe = probe
        do throws(FreshetError) { try probe.start() } catch { self.fail(error) }
    }

    // MARK: - Deadlines and the end

    /// One deadline at a time: what it was for is told when it passes.
    private func arm(_ phase: FreshetError.Phase) {
        self.disarm()
        let time = self.target.configuration.deadline
        self.deadline = self.loop.schedule(after: time) { [weak self] in
            guard let self else { return }
            let way = self.proxy.map { (proxy: $0, isThrough: self.hasAsked) }
            self.fail(.late(phase, after: time, to: self.endpoint, by: way))
        }
    }

    private func disarm() {
        if let deadline = self.deadline.take() { self.loop.cancel(timer: deadline) }
    }

    private func fail(_ error: FreshetError) {
        self.finish(.ended(.failure(error)))
    }

    private func finish(_ outcome: Outcome) {
        guard !self.over else { return }
        self.over = true
        self.disarm()
        if case .opened = outcome { self.winner = nil }
        self.abandonAttempts()
        self.completion(outcome)
    }
}
