// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments
import FreshetHTTP
import FreshetTransport
import HTTPTypes

/// The database over HTTP: what a `RealtimeSource` says becomes requests, and what comes back becomes what the server would have said
/// over the WebSocket.
///
/// Reads are GET, writes PUT and PATCH, a write on condition is one on the entity tag of what has the hash, and listening is a request
/// whose answer is server-sent events.
struct RealtimeREST: Sendable {
    /// Something is said every 30 s.
    static let silence: Duration = .seconds(75)

    let url: RealtimeURL
    let client: HTTPClient
    /// For answers that go on, which keep their connections.
    let streams: HTTPClient
    private let memory: CredentialMemory?
    private let messageLimit: Int

    init(
        url: RealtimeURL,
        webSocket: WebSocketConfiguration,
        credentials: CredentialProvider?,
        messageLimit: Int,
        transport: (any HTTPTransport)?,
        time: TimeSource
    ) throws(FreshetError) {
        self.url = url
        self.messageLimit = messageLimit
        self.memory = credentials.map { CredentialMemory($0, time: time) }
        var configuration = try HTTPConfiguration(webSocket)
        configuration.limits.body = messageLimit
        self.client = HTTPClient(
            baseURL: url.http,
            configuration: configuration,
            middlewares: [RetryMiddleware(RetryPolicy(), time: time)],
            transport: transport
        )
        configuration.pool = HTTPPool(connectionsPerOrigin: 16_384)
        configuration.timeouts.receive = Self.silence
        configuration.limits.body = nil
        self.streams = HTTPClient(
            baseURL: url.http,
            configuration: configuration,
            middlewares: [],
            transport: transport
        )
    }

    /// Requests show what the connection was given last.
    func adopt(_ credentials: Credentials) async { await self.memory?.adopt(credentials) }

    static func step(_ message: WebSocketMessage) -> HTTPStreamTransport.Step {
        guard let command = RealtimeCommand(reading: message) else { return .once }
        switch command.action {
        case "q": return command.request.tag.map { .begin($0, mayEnd: true) } ?? .nothing
        case "n": return command.request.tag.map { .end($0) } ?? .nothing
        default: return .once
        }
    }

    /// Does what a message says; `line` gets what the server would have said.
    func exchange(
        _ message: WebSocketMessage,
        _ line: @Sendable (Bytes) async -> Void
    ) async throws(FreshetError) {
        guard let command = RealtimeCommand(reading: message) else { return await line(Self.pong) }
        let request = command.request
        if command.action == "q" { return try await self.listen(command, request, line) }
        let reply: Reply
        do throws(FreshetError) {
            switch command.action {
            case "g": reply = try await self.get(request)
            case "p": reply = try await self.put(request)
            case "m": reply = try await self.send(.patch, request)
            default:
                reply = Reply("not_supported", "there is no WebSocket, and over HTTP nothing is kept for a disconnect")
            }
        } catch {
            // Whether it was done is told by who asked: the connection is gone.
            throw error.kind == .outcomeUnknown ? FreshetError(.interrupted, error.message, hint: error.hint) : error
        }
        await line(reply.message(command.number))
    }

    static let pong = Bytes(copying: #"{"t":"c","d":{"t":"o","d":null}}"#.utf8)

    // MARK: - Calls

    private func get(_ request: Request) async throws(FreshetError) -> Reply {
        let call = try self.call(.get, request.path, request.query.parameters)
        return try await self.reply(to: call) { $0 }
    }

    private func put(_ request: Request) async throws(FreshetError) -> Reply {
        guard let hash = request.hash else { return try await self.send(.put, request) }
        var question = try self.call(.get, request.path)
        question.request.headerFields[.firebaseETag] = "true"
        let now = try await self.answer(to: question)
        guard now.response.status.kind == .successful else { return try await self.refusal(now, question) }
        let value = RealtimeJSON.value(now.body.bytes ?? Bytes(copying: [])) ?? .null
        guard RealtimeNode(value).hash == hash, let tag = now.response.headerFields[.eTag] else {
            return Reply("datastale", "it is another value")
        }
        return try await self.send(.put, request, ifMatch: tag)
    }

    private func send(
        _ method: HTTPRequest.Method,
        _ request: Request,
        ifMatch tag: String? = nil
    ) async throws(FreshetError) -> Reply {
        var call = try self.call(method, request.path, ["print": tag == nil ? "silent" : nil])
        call.body = HTTPBody(Bytes(copying: request.data.utf8))
        call.request.headerFields[.contentType] = "application/json"
        call.request.headerFields[.ifMatch] = tag
        // What it did is not known when its answer does not come: it may be a count.
        call.isIdempotent = false
        return try await self.reply(to: call) { _ in nil }
    }

    private func call(
        _ method: HTTPRequest.Method,
        _ path: RealtimePath,
        _ query: HTTPQuery = [:],
        of client: HTTPClient? = nil
    ) throws(FreshetError) -> HTTPCall {
        var query = query
        if method == .get { query.append("format", "export") }
        if let namespace = self.url.namespace { query.append("ns", namespace) }
        var call = try (client ?? self.client).call(method, path.resource, query: query)
        call.collectsBody = true
        return call
    }

    private func reply(
        to call: HTTPCall,
        _ data: (Bytes) -> Bytes?
    ) async throws(FreshetError) -> Reply {
        let answer = try await self.answer(to: call)
        guard answer.response.status.kind == .successful else { return try await self.refusal(answer, call) }
        return Reply("ok", data(answer.body.bytes ?? Bytes(copying: [])))
    }

    /// Sends a call with the user's token; once more with another one where that is refused.
    private func answer(to call: HTTPCall, by client: HTTPClient? = nil) async throws(FreshetError) -> HTTPReply {
        let client = client ?? self.client
        guard let memory = self.memory else { return try await client.send(call) }
        let first = try await memory.current()
        var reply = try await client.send(call.with(token: first.credentials.token))
        guard reply.response.status == .unauthorized, !reply.isAfterExecution else { return reply }
        // Read to tell the two kinds apart, and kept for who tells what it means.
        let body = try await reply.body.collect(upTo: 64 << 10)
        reply.body = HTTPBody(body)
        guard !Self.isDenial(body) else { return reply }
        let second = try await memory.other(than: first)
        return try await client.send(call.with(token: second.credentials.token))
    }

    /// Rules that deny have the status of a bad token.
    private static func isDenial(_ body: Bytes) -> Bool { body.text.lowercased().contains("permission denied") }

    /// What a refusal would have been over the WebSocket. Trouble of the server's is the connection's.
    private func refusal(_ reply: HTTPReply, _ call: HTTPCall) async throws(FreshetError) -> Reply {
        let error = await reply.error(for: call)
        let body = Bytes(copying: error.refusal?.body ?? [])
        let words = RealtimeJSON.members(body).flatMap { RealtimeMessage.text("error", of: $0) } ?? ""
        switch reply.response.status.code {
        case 401 where Self.isDenial(body), 403: return Reply("permission_denied", words)
        case 412: return Reply("datastale", words)
        case 413: return Reply("too_big", words)
        case 400, 404: return Reply("http_\(reply.response.status.code)", words)
        default: throw error
        }
    }

    // MARK: - Events

    private func listen(
        _ command: RealtimeCommand,
        _ request: Request,
        _ line: @Sendable (Bytes) async -> Void
    ) async throws(FreshetError) {
        var call = try self.call(.get, request.path, request.query.parameters, of: self.streams)
        call.collectsBody = false
        call.request.headerFields[.accept] = "text/event-stream"
        let reply = try await self.answer(to: call, by: self.streams)
        guard reply.response.status.kind == .successful else {
            // Nobody listens; the connection has other streams.
            return await line(try await self.refusal(reply, call).message(command.number))
        }
        var isFirst = true
        for try await event in try reply.serverSentEvents(upTo: self.messageLimit) {
            switch event.event {
            case "put", "patch":
                await line(try request.push(event))
                if isFirst { await line(Reply("ok", nil).message(command.number)) }
                isFirst = false
            // The one feed is over, and not the connection.
            case "cancel": return await line(request.cancel)
            case "auth_revoked": await line(Request.authRevoked(event.data))
            default: break
            }
        }
        throw FreshetError(.interrupted, "the server ended a stream of events")
    }
}

extension HTTPCall {
    /// Users' tokens go into the query, others into a header.
    func with(token: String?) -> HTTPCall {
        guard let token else { return self }
        var call = self
        if (try? JSONWebToken(token))?.claims["iat"] != nil {
            let path = call.request.path ?? ""
            call.request.path = path + (path.contains("?") ? "&" : "?") + "auth=\(HTTPQuery.encoded(token))"
        } else {
            call.request.headerFields[.authorization] = "Bearer \(token)"
        }
        return call
    }
}

extension HTTPField.Name {
    // swift-format-ignore: NeverForceUnwrap
    /// Asks for an entity tag.
    static let firebaseETag = Self("X-Firebase-ETag")!
}
