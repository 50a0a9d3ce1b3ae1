// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
public import FreshetHTTP
public import HTTPTypes

/// A transport on which your test is the server: each call is answered by a function.
///
/// ```swift
/// let transport = ScriptedHTTPTransport { call, number in
///     number == 1 ? .status(.serviceUnavailable) : try .json(["id": "1"])
/// }
/// let api = HTTPClient(baseURL: "https://api.test", transport: transport)
/// ```
public final class ScriptedHTTPTransport: HTTPTransport {
    /// Answers a call; `number` counts them from 1.
    public typealias Answer = @Sendable (_ call: HTTPCall, _ number: Int) async throws(FreshetError) -> HTTPReply

    private let answer: Answer
    private let received = Locked<[HTTPCall]>([])

    /// Makes a transport.
    ///
    /// - Parameter answer: answers each call.
    public init(_ answer: @escaping Answer) {
        self.answer = answer
    }

    /// The calls so far, in order.
    public var calls: [HTTPCall] { self.received.withLock { $0 } }

    /// Answers a call.
    ///
    /// - Parameter call: what is asked.
    /// - Returns: what the function answers.
    /// - Throws: what the function throws.
    public func send(_ call: HTTPCall) async throws(FreshetError) -> HTTPReply {
        let number = self.received.withLock { calls in
            calls.append(call)
            return calls.count
        }
        return try await self.answer(call, number)
    }
}

extension HTTPReply {
    /// A reply without a body, for scripts.
    ///
    /// - Parameters:
    ///   - status: the status.
    ///   - headers: header fields.
    /// - Returns: the reply.
    public static func status(_ status: HTTPResponse.Status, headers: HTTPFields = [:]) -> HTTPReply {
        HTTPReply(HTTPResponse(status: status, headerFields: headers))
    }

    /// A reply with a JSON body, for scripts.
    ///
    /// - Parameters:
    ///   - value: the body.
    ///   - status: the status.
    ///   - headers: header fields.
    /// - Returns: the reply.
    /// - Throws: `.invalidInput` when the value has no JSON.
    public static func json(
        _ value: some Encodable,
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:]
    ) throws(FreshetError) -> HTTPReply {
        var headers = headers
        if headers[.contentType] == nil { headers[.contentType] = "application/json" }
        return HTTPReply(HTTPResponse(status: status, headerFields: headers), body: try .json(value))
    }
}
