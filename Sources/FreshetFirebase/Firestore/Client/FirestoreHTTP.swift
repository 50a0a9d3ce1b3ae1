// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Freshet
import FreshetCore
import FreshetHTTP
import HTTPTypes

/// Requests to the REST API, and what their answers mean.
struct FirestoreHTTP: Sendable {
    private let client: HTTPClient
    let time: TimeSource

    init(_ configuration: FirestoreConfiguration, transport: (any HTTPTransport)?, time: TimeSource) {
        let (configuration, server) = configuration.resolved()
        var http = configuration.http
        http.headers[.accept] = "application/json"
        let credentials = configuration.credentials.map { CredentialsMiddleware($0, time: time) }
        let retries = RetryMiddleware(configuration.retries, time: time)
        self.client = HTTPClient(
            baseURL: server.hasSuffix("/") ? "\(server)v1" : "\(server)/v1",
            configuration: http,
            middlewares: [retries] + configuration.middlewares + (credentials.map { [$0] } ?? []),
            transport: transport
        )
        self.time = time
    }

    /// Reads one thing.
    func get<Answer: Decodable>(
        _ path: String,
        query: HTTPQuery = [:],
        as type: Answer.Type
    ) async throws(FreshetError) -> Answer {
        try Self.decoded(try await self.send(try self.client.call(.get, path, query: query), isWrite: false), as: type)
    }

    /// Asks by a POST that changes nothing, and is answered with an array.
    func ask<Answer: Decodable>(
        _ path: String,
        _ question: some Encodable,
        as type: Answer.Type
    ) async throws(FreshetError) -> [Answer] {
        var call = try self.call(path, question)
        call.isIdempotent = true
        let answer = try await self.send(call, isWrite: false)
        var answers: [Answer] = []
        guard let elements = answer.elements else {
            throw FreshetError(
                .decoding,
                "the answer is no array of results",
                hint: "check that the URL is that of a Firestore"
            )
        }
        for element in elements {
            if let status = FirestoreStatus(element.array) { throw status.error(of: call, isWrite: false) }
            answers.append(try Self.decoded(element, as: type))
        }
        return answers
    }

    /// Writes: sent once, but for what certainly was not executed.
    func write<Answer: Decodable>(
        _ path: String,
        _ body: some Encodable,
        as type: Answer.Type
    ) async throws(FreshetError) -> Answer {
        let answer = try await self.send(try self.call(path, body), isWrite: true)
        do throws(FreshetError) {
            return try Self.decoded(answer, as: type)
        } catch {
            throw FreshetError(.outcomeUnknown, "a write was answered with what is not Firestore's", hint: error.hint)
        }
    }

    private func call(_ path: String, _ body: some Encodable) throws(FreshetError) -> HTTPCall {
        try self.client.call(
            .post,
            path,
            headers: [.contentType: "application/json"],
            body: try .json(body)
        )
    }

    private func send(_ call: HTTPCall, isWrite: Bool) async throws(FreshetError) -> Bytes {
        var call = call
        call.collectsBody = true
        let reply = try await self.client.send(call)
        guard reply.response.status.kind == .successful else {
            let error = await reply.error(for: call)
            guard let status = FirestoreStatus(error.refusal?.body ?? []) else { throw error.asFirestore(isWrite) }
            throw status.error(of: call, isWrite: isWrite, refusal: error.refusal)
        }
        return reply.body.bytes ?? Bytes(copying: [])
    }

    private static func decoded<Answer: Decodable>(_ json: Bytes, as type: Answer.Type) throws(FreshetError) -> Answer {
        do {
            return try json.withBytes { try JSONDecoder().decode(type, from: Data($0)) }
        } catch {
            throw FreshetError.decoding(error, of: type, hint: "check that the URL is that of a Firestore")
        }
    }
}
