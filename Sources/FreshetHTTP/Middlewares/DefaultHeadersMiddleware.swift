// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
public import HTTPTypes

/// Adds header fields to calls that have none of the same name.
public struct DefaultHeadersMiddleware: HTTPMiddleware {
    private let fields: @Sendable () -> HTTPFields

    /// Makes the middleware.
    ///
    /// - Parameter fields: asked for with each call.
    public init(_ fields: @escaping @Sendable () -> HTTPFields) {
        self.fields = fields
    }

    /// Adds the fields.
    ///
    /// - Parameters:
    ///   - call: what is asked.
    ///   - next: the rest of the way to the server.
    /// - Returns: the reply.
    /// - Throws: why there is none.
    public func intercept(_ call: HTTPCall, next: HTTPNext) async throws(FreshetError) -> HTTPReply {
        var call = call
        for field in self.fields() where call.request.headerFields[field.name] == nil {
            call.request.headerFields[field.name] = field.value
        }
        return try await next(call)
    }
}
