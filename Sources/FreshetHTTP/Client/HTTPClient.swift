// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
public import HTTPTypes

/// HTTP from one server, or several: JSON in and out, streams, middlewares, and one kind of error.
///
/// ```swift
/// let api = HTTPClient(baseURL: "https://api.example.com/v1")
/// let user = try await api.get("users/1", as: User.self)
/// let new: User = try await api.post("users", json: Draft(name: "Ada"))
/// ```
///
/// It can be used from any thread, and copies share their connections. Cancelling the task of a call throws `.cancelled`
/// and closes its connection.
public struct HTTPClient: Sendable {
    /// What all requests have in common.
    public let configuration: HTTPConfiguration

    private let base: Result<HTTPTarget?, FreshetError>
    private let pipeline: HTTPNext

    /// Makes a client; nothing is connected before the first call. A base URL that cannot be is what every call throws.
    ///
    /// - Parameters:
    ///   - baseURL: where paths begin, as in `https://api.example.com/v1`; `http+unix:/run/app.sock:/v1` for a Unix domain
    ///     socket; nil when every call has a URL of its own.
    ///   - configuration: header fields, deadlines, limits, TLS, proxy.
    ///   - middlewares: what sees each call, the first one outermost. By default calls that may be repeated are retried.
    ///   - transport: what carries the calls; nil: libcurl.
    public init(
        baseURL: String? = nil,
        configuration: HTTPConfiguration = HTTPConfiguration(),
        middlewares: [any HTTPMiddleware] = [RetryMiddleware()],
        transport: (any HTTPTransport)? = nil
    ) {
        self.configuration = configuration
        do throws(FreshetError) {
            self.base = .success(try baseURL.map { text throws(FreshetError) in try HTTPTarget(text) })
        } catch {
            self.base = .failure(error)
        }
        let transport =
            transport
            ?? CurlTransport(
                tls: configuration.tls,
                proxy: configuration.proxy,
                compresses: configuration.compresses,
                pool: configuration.pool
            )
        let redirects = RedirectMiddleware(configuration.redirects)
        var pipeline: HTTPNext = { call throws(FreshetError) in
            var reply = try await transport.send(call)
            if call.collectsBody { reply.body = HTTPBody(try await reply.body.collect()) }
            return reply
        }
        for middleware in (middlewares + [redirects]).reversed() {
            pipeline = { [pipeline] call throws(FreshetError) in try await middleware.intercept(call, next: pipeline) }
        }
        self.pipeline = pipeline
    }

    /// The base URL's scheme, host and port.
    package var origin: String? {
        guard case .success(let base?) = self.base else { return nil }
        return "\(base.scheme)://\(base.authority)"
    }

    /// Makes a call to be sent: the URL is put together, and the configuration's header fields, deadlines and limits are on it.
    ///
    /// - Parameters:
    ///   - method: the method.
    ///   - path: below the base URL, or an absolute URL.
    ///   - query: what comes after the `?`.
    ///   - headers: header fields; of the same name they count instead of the configuration's.
    ///   - body: what is sent.
    /// - Returns: the call.
    /// - Throws: `.invalidInput` when the URL cannot be.
    public func call(
        _ method: HTTPRequest.Method,
        _ path: String,
        query: HTTPQuery = [:],
        headers: HTTPFields = [:],
        body: HTTPBody? = nil
    ) throws(FreshetError) -> HTTPCall {
        let base = try self.base.get()
        let target: HTTPTarget
        if let base {
            target = try base.appending(path, query: query)
        } else {
            target = try HTTPTarget(path).appending("", query: query)
        }
        let isOurs = base.map { target.isSameOrigin(as: $0) } ?? true
        var fields = isOurs ? self.configuration.headers : [:]
        for field in headers { fields[values: field.name] = headers[values: field.name] }
        if fields[.userAgent] == nil { fields[.userAgent] = "freshet" }
        let request = HTTPRequest(
            method: method,
            scheme: target.scheme,
            authority: target.authority,
            path: target.path,
            headerFields: fields
        )
        var call = HTTPCall(
            request,
            body: body,
            timeouts: self.configuration.timeouts,
            limits: self.configuration.limits
        )
        call.allowsHTTP2 = self.configuration.allowsHTTP2
        return call
    }

    /// Sends a call through the middlewares. Statuses are not errors here.
    ///
    /// - Parameter call: what to send, as of ``call(_:_:query:headers:body:)``.
    /// - Returns: the reply, as soon as its head is there; its body comes as it is read.
    /// - Throws: why there is none.
    public func send(_ call: HTTPCall) async throws(FreshetError) -> HTTPReply {
        try await self.pipeline(call)
    }
}
