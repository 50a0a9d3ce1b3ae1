// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
public import HTTPTypes

extension HTTPClient {
    /// Asks for a value.
    ///
    /// - Parameters:
    ///   - path: below the base URL, or an absolute URL.
    ///   - query: what comes after the `?`.
    ///   - headers: header fields.
    ///   - type: what to decode. An optional is nil after 204.
    /// - Returns: the value.
    /// - Throws: what the status means if it is not 2xx, `.decoding`, or why there was no answer.
    public func get<Value: Decodable & Sendable>(
        _ path: String,
        query: HTTPQuery = [:],
        headers: HTTPFields = [:],
        as type: Value.Type = Value.self
    ) async throws(FreshetError) -> Value {
        try await self.value(.get, path, query, headers, nil)
    }

    /// Sends a value to be worked on, and returns the answer. It is sent once, unless `headers` have an `Idempotency-Key`.
    ///
    /// - Parameters:
    ///   - path: below the base URL, or an absolute URL.
    ///   - json: what to send.
    ///   - query: what comes after the `?`.
    ///   - headers: header fields.
    ///   - type: what to decode. An optional is nil after 204.
    /// - Returns: the value.
    /// - Throws: what the status means if it is not 2xx, `.outcomeUnknown` when the connection broke after it was sent,
    ///   `.decoding`, or why there was no answer.
    public func post<Value: Decodable & Sendable>(
        _ path: String,
        json: some Encodable & Sendable,
        query: HTTPQuery = [:],
        headers: HTTPFields = [:],
        as type: Value.Type = Value.self
    ) async throws(FreshetError) -> Value {
        try await self.value(.post, path, query, headers, try .json(json))
    }

    /// Replaces a value, and returns the answer.
    ///
    /// - Parameters:
    ///   - path: below the base URL, or an absolute URL.
    ///   - json: what to send.
    ///   - query: what comes after the `?`.
    ///   - headers: header fields, such as `If-Match`.
    ///   - type: what to decode. An optional is nil after 204.
    /// - Returns: the value.
    /// - Throws: as ``get(_:query:headers:as:)``; `.conflict` when `If-Match` did not.
    public func put<Value: Decodable & Sendable>(
        _ path: String,
        json: some Encodable & Sendable,
        query: HTTPQuery = [:],
        headers: HTTPFields = [:],
        as type: Value.Type = Value.self
    ) async throws(FreshetError) -> Value {
        try await self.value(.put, path, query, headers, try .json(json))
    }

    /// Changes a part of a value, and returns the answer. It is sent once, as ``post(_:json:query:headers:as:)``.
    ///
    /// - Parameters:
    ///   - path: below the base URL, or an absolute URL.
    ///   - json: what to send.
    ///   - query: what comes after the `?`.
    ///   - headers: header fields, such as `If-Match`.
    ///   - type: what to decode. An optional is nil after 204.
    /// - Returns: the value.
    /// - Throws: as ``post(_:json:query:headers:as:)``; `.conflict` when `If-Match` did not.
    public func patch<Value: Decodable & Sendable>(
        _ path: String,
        json: some Encodable & Sendable,
        query: HTTPQuery = [:],
        headers: HTTPFields = [:],
        as type: Value.Type = Value.self
    ) async throws(FreshetError) -> Value {
        try await self.value(.patch, path, query, headers, try .json(json))
    }

    /// Deletes.
    ///
    /// - Parameters:
    ///   - path: below the base URL, or an absolute URL.
    ///   - query: what comes after the `?`.
    ///   - headers: header fields, such as `If-Match`.
    /// - Throws: what the status means if it is not 2xx, or why there was no answer.
    public func delete(
        _ path: String,
        query: HTTPQuery = [:],
        headers: HTTPFields = [:]
    ) async throws(FreshetError) {
        _ = try await self.reply(to: .delete, path, query: query, headers: headers)
    }

    /// Sends a request, and returns its whole answer if its status is 2xx.
    ///
    /// - Parameters:
    ///   - method: the method.
    ///   - path: below the base URL, or an absolute URL.
    ///   - query: what comes after the `?`.
    ///   - headers: header fields.
    ///   - body: what to send.
    /// - Returns: the reply, its body whole.
    /// - Throws: what the status means if it is not 2xx, or why there was no answer.
    public func reply(
        to method: HTTPRequest.Method,
        _ path: String,
        query: HTTPQuery = [:],
        headers: HTTPFields = [:],
        body: HTTPBody? = nil
    ) async throws(FreshetError) -> HTTPReply {
        var call = try self.call(method, path, query: query, headers: headers, body: body)
        call.collectsBody = true
        return try await self.send(call).checked(for: call)
    }

    /// Sends a request, and returns the answer if its status is 2xx, its body to be read as it comes: without a limit on its
    /// size, and without one on the server's silence.
    ///
    /// - Parameters:
    ///   - method: the method.
    ///   - path: below the base URL, or an absolute URL.
    ///   - query: what comes after the `?`.
    ///   - headers: header fields.
    ///   - body: what to send.
    /// - Returns: the reply, as soon as its head is there. Dropping its body ends the transfer.
    /// - Throws: what the status means if it is not 2xx, or why there was no answer.
    public func stream(
        _ method: HTTPRequest.Method = .get,
        _ path: String,
        query: HTTPQuery = [:],
        headers: HTTPFields = [:],
        body: HTTPBody? = nil
    ) async throws(FreshetError) -> HTTPReply {
        var call = try self.call(method, path, query: query, headers: headers, body: body)
        call.limits.body = nil
        call.timeouts.receive = nil
        return try await self.send(call).checked(for: call)
    }

    private func value<Value: Decodable & Sendable>(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ query: HTTPQuery,
        _ headers: HTTPFields,
        _ body: HTTPBody?
    ) async throws(FreshetError) -> Value {
        var headers = headers
        if headers[.accept] == nil { headers[.accept] = "application/json" }
        if body != nil, headers[.contentType] == nil { headers[.contentType] = "application/json" }
        let reply = try await self.reply(to: method, path, query: query, headers: headers, body: body)
        return try reply.decoded(as: Value.self)
    }
}
