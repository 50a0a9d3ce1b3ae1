// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// What stands between a caller and the server, and sees every call and its reply.
///
/// ```swift
/// struct Stamp: HTTPMiddleware {
///     func intercept(_ call: HTTPCall, next: HTTPNext) async throws(FreshetError) -> HTTPReply {
///         var call = call
///         call.request.headerFields[.init("X-Stamp")!] = "42"
///         return try await next(call)
///     }
/// }
/// ```
///
/// `next` may be called not at all, once, or several times; what it is given is what the next middleware sees, so a retry
/// begins with the call as this middleware got it, and nothing is added twice.
public protocol HTTPMiddleware: Sendable {
    /// Passes a call on, changed or not, and its reply back.
    ///
    /// - Parameters:
    ///   - call: what is asked.
    ///   - next: the rest of the way to the server.
    /// - Returns: the reply.
    /// - Throws: why there is none.
    func intercept(_ call: HTTPCall, next: HTTPNext) async throws(FreshetError) -> HTTPReply
}

/// The rest of the way to the server.
public typealias HTTPNext = @Sendable (HTTPCall) async throws(FreshetError) -> HTTPReply
