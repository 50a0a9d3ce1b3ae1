// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetHTTP
import HTTPTypes

/// Requests to the Kubernetes API. Paths are with their queries, and encoded already.
struct KubernetesAPI: Sendable {
    private let client: HTTPClient
    /// With connections of its own: each watch keeps one.
    private let streams: HTTPClient
    private let answers: Locked<Bool>

    /// - Parameters:
    ///   - configuration: where, and as whom.
    ///   - transport: what carries the requests; nil: libcurl.
    ///   - time: for retries and for the life of credentials.
    /// - Throws: `.invalidInput` for a header that cannot be sent.
    init(
        _ configuration: KubernetesConfiguration,
        transport: (any HTTPTransport)?,
        time: TimeSource
    ) throws(FreshetError) {
        var http = try HTTPConfiguration(configuration.webSocket)
        http.limits.body = Self.bodyLimit
        http.headers[.accept] = "application/json"
        // Of WebSockets alone.
        http.headers[.origin] = nil
        let credentials = configuration.credentials.map { CredentialsMiddleware($0, time: time) }
        let middlewares: [any HTTPMiddleware] = [RetryMiddleware(RetryPolicy(), time: time)] + configuration.middlewares
        func client(_ http: HTTPConfiguration) -> HTTPClient {
            HTTPClient(
                baseURL: configuration.server,
                configuration: http,
                middlewares: middlewares + (credentials.map { [$0] } ?? []),
                transport: transport
            )
        }
        self.client = client(http)
        http.pool = HTTPPool(connectionsPerOrigin: 16_384)
        self.streams = client(http)
        self.answers = Locked(configuration.policy.waitsForFirstConnection)
    }

    /// What a page of a list may have at most, in bytes.
    private static let bodyLimit = 128 << 20

    /// Whether the server has ever answered anything.
    var hasAnswered: Bool { self.answers.withLock { $0 } }

    /// It has.
    func answered() { self.answers.withLock { $0 = true } }

    /// Reads.
    func get(_ path: String) async throws(FreshetError) -> Bytes {
        try await self.send(try self.client.call(.get, path), isWrite: false)
    }

    /// Writes: sent once, but for requests that certainly were not executed.
    func write(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: Bytes,
        type: String = "application/json"
    ) async throws(FreshetError) -> Bytes {
        var call = try self.client.call(method, path, headers: [.contentType: type], body: HTTPBody(body))
        call.isIdempotent = false
        return try await self.send(call, isWrite: true)
    }

    private func send(_ call: HTTPCall, isWrite: Bool) async throws(FreshetError) -> Bytes {
        var call = call
        call.collectsBody = true
        do throws(FreshetError) {
            let reply = try await self.client.send(call)
            self.answered()
            return try await reply.checked(for: call).body.bytes ?? Bytes(copying: [])
        } catch {
            throw error.asKubernetes(isWrite: isWrite)
        }
    }

    /// Reads an answer that comes bit by bit, for so many seconds and a little more.
    func stream(_ path: String, for seconds: Int64) async throws(FreshetError) -> HTTPReply {
        var call = try self.streams.call(.get, path)
        call.limits.body = nil
        call.timeouts.receive = .seconds(seconds + 30)
        let reply = try await self.streams.send(call)
        self.answered()
        return try await reply.checked(for: call)
    }
}

extension HTTPField.Name {
    // swift-format-ignore: NeverForceUnwrap
    fileprivate static let origin = Self("Origin")!
}
