// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetHTTP
import FreshetTransport
import HTTPTypes

/// etcd over HTTP: one call, its answer, and what its refusals mean.
struct EtcdHTTP: Sendable {
    /// Longer than a watch is silent: by default etcd says every 10 minutes where an idle one stands.
    private static let silence: Duration = .seconds(660)

    private let client: HTTPClient
    /// For streams, which keep their connections.
    private let streams: HTTPClient
    private let memory: CredentialMemory?

    init(
        url: String,
        configuration: EtcdClientConfiguration,
        transport: (any HTTPTransport)?,
        time: TimeSource
    ) throws(FreshetError) {
        let base = Self.httpURL(of: url)
        let client = try HTTPConfiguration(configuration.webSocket)
        let plain = HTTPClient(baseURL: base, configuration: client, transport: transport)
        _ = try plain.call(.post, "v3/kv/range")
        let provider = configuration.credentials ?? configuration.user.map { Self.login($0, plain) }
        self.memory = provider.map { CredentialMemory($0, time: time) }
        var retries = RetryPolicy()
        // What etcd says with 429 is that something is too large, or that there is no room: it will not be otherwise soon.
        retries.statuses.remove(429)
        let credentials: [any HTTPMiddleware] = self.memory.map { [CredentialsMiddleware($0)] } ?? []
        self.client = HTTPClient(
            baseURL: base,
            configuration: client,
            middlewares: [RetryMiddleware(retries, time: time)] + credentials,
            transport: transport
        )
        var streaming = client
        streaming.pool = HTTPPool(connectionsPerOrigin: 16_384)
        streaming.timeouts.receive = Self.silence
        streaming.limits.body = nil
        self.streams = HTTPClient(
            baseURL: base,
            configuration: streaming,
            middlewares: [],
            transport: transport
        )
    }

    private static func httpURL(of url: String) -> String {
        for (webSocket, http) in [("ws:", "http:"), ("wss:", "https:"), ("ws+unix:", "http+unix:")]
        where url.lowercased().hasPrefix(webSocket) {
            return http + url.dropFirst(webSocket.count)
        }
        return url
    }

    // MARK: - Calls

    /// Asks, and returns the answer's JSON.
    ///
    /// - Parameters:
    ///   - path: of the call.
    ///   - body: what is asked.
    ///   - isIdempotent: whether it may be sent again where the answer did not come.
    /// - Returns: the answer.
    /// - Throws: what etcd's refusal means, or why there was no answer.
    func call(_ path: String, _ body: JSONValue, isIdempotent: Bool = false) async throws(FreshetError) -> Bytes {
        try await Self.call(self.client, path, body, isIdempotent: isIdempotent)
    }

    private static let headers: HTTPFields = [.contentType: "application/json", .accept: "application/json"]

    private static func call(
        _ client: HTTPClient,
        _ path: String,
        _ body: JSONValue,
        isIdempotent: Bool
    ) async throws(FreshetError) -> Bytes {
        var call = try client.call(.post, path, headers: Self.headers, body: HTTPBody(body.encoded))
        call.collectsBody = true
        call.isIdempotent = isIdempotent
        let reply = try await client.send(call)
        let answer = reply.body.bytes ?? Bytes(copying: [])
        guard reply.response.status.kind == .successful else { throw await Self.error(reply, of: call) }
        guard EtcdJSON.members(of: answer, { _, _ in false }) else {
            throw FreshetError(
                .protocolViolation,
                "\(path) was answered with what is not etcd's",
                hint: "check that the URL is that of an etcd v3"
            )
        }
        return answer
    }

    private static func error(_ reply: HTTPReply, of call: HTTPCall) async -> FreshetError {
        let error = await reply.error(for: call)
        let said = EtcdError(Bytes(copying: error.refusal?.body ?? []), status: reply.response.status.code)
        return said.isKnown ? said.error(of: call.request.path ?? "the call", refusal: error.refusal) : error
    }

    // MARK: - Authentication

    /// Tokens live for 5 minutes by default, and longer when they are used.
    private static let tokenLife: Duration = .seconds(300)

    private static func login(_ user: EtcdUser, _ client: HTTPClient) -> CredentialProvider {
        { _ in
            do throws(FreshetError) {
                let answer = try await Self.call(
                    client,
                    "v3/auth/authenticate",
                    ["name": .string(user.name), "password": .string(user.password)],
                    isIdempotent: true
                )
                let token = EtcdJSON.member("token", of: answer).flatMap { EtcdJSON.text($0) } ?? ""
                // Without `Bearer`: etcd takes it for a part of the token.
                return Credentials(headers: [HTTPHeader("Authorization", token)], lifetime: Self.tokenLife)
            } catch {
                // Where authentication is off, nobody has to say who he is.
                guard error.message.contains("authentication is not enabled") else { throw error }
                return Credentials(lifetime: Self.tokenLife)
            }
        }
    }

    // MARK: - Streams

    /// Watches by a request of its own: sends the request's message, and hands on the lines of the answer.
    func watch(
        _ message: WebSocketMessage,
        _ line: @Sendable (Bytes) async -> Void
    ) async throws(FreshetError) {
        let held = try await self.memory?.current()
        let isRefused = try await self.watch(message, held?.credentials, mayBeRefused: held != nil, line)
        guard isRefused, let held, let memory = self.memory else { return }
        let other = try await memory.other(than: held)
        _ = try await self.watch(message, other.credentials, mayBeRefused: false, line)
    }

    /// Whether its token was refused, by HTTP or in the stream's first line, which is not handed on then.
    private func watch(
        _ message: WebSocketMessage,
        _ credentials: Credentials?,
        mayBeRefused: Bool,
        _ hand: @Sendable (Bytes) async -> Void
    ) async throws(FreshetError) -> Bool {
        var call = try self.streams.call(.post, "v3/watch", headers: Self.headers, body: HTTPBody(message.payload))
        // To watch twice does no harm: nobody need wonder whether it was executed.
        call.isIdempotent = true
        if let credentials { call = call.with(credentials) }
        let reply = try await self.streams.send(call)
        if mayBeRefused, reply.response.status == .unauthorized { return true }
        guard reply.response.status.kind == .successful else { throw await Self.error(reply, of: call) }
        var isFirst = true
        for try await line in reply.body.lines(upTo: Self.lineLimit) {
            if mayBeRefused, isFirst, EtcdMessage(line)?.isTokenRefused == true { return true }
            isFirst = false
            await hand(line)
        }
        return false
    }

    /// A message may have a thousand changes; fragments are asked for, so none is much larger than 3 MiB.
    private static let lineLimit = 64 << 20
}
