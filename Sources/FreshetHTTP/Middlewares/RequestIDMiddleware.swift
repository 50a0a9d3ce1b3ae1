// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import FreshetCore
public import HTTPTypes

/// Gives each call a name of its own (`X-Request-ID`), by which it is found again in logs on both sides. Put before
/// ``RetryMiddleware``, all attempts have the same.
public struct RequestIDMiddleware: HTTPMiddleware {
    private let name: HTTPField.Name
    private let makeID: @Sendable () -> String

    /// Makes the middleware.
    ///
    /// - Parameters:
    ///   - name: the header field.
    ///   - makeID: makes a name; a random UUID, if nil.
    public init(_ name: HTTPField.Name = .requestID, makeID: (@Sendable () -> String)? = nil) {
        self.name = name
        self.makeID = makeID ?? { UUID().uuidString.lowercased() }
    }

    /// Names the call, unless it has a name.
    ///
    /// - Parameters:
    ///   - call: what is asked.
    ///   - next: the rest of the way to the server.
    /// - Returns: the reply.
    /// - Throws: why there is none.
    public func intercept(_ call: HTTPCall, next: HTTPNext) async throws(FreshetError) -> HTTPReply {
        var call = call
        if call.request.headerFields[self.name] == nil { call.request.headerFields[self.name] = self.makeID() }
        return try await next(call)
    }
}

extension HTTPField.Name {
    // swift-format-ignore: NeverForceUnwrap
    /// By which a call is found again in logs.
    public static let requestID = Self("X-Request-ID")!
}
