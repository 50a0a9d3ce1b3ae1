// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
package import FreshetHTTP
import HTTPTypes

/// Puts a provider's credentials on each call, asks for others after a 401, once, and sends the call again with those.
package struct CredentialsMiddleware: HTTPMiddleware {
    private let memory: CredentialMemory

    package init(_ provider: @escaping CredentialProvider, time: TimeSource) {
        self.init(CredentialMemory(provider, time: time))
    }

    package init(_ memory: CredentialMemory) {
        self.memory = memory
    }

    package func intercept(_ call: HTTPCall, next: HTTPNext) async throws(FreshetError) -> HTTPReply {
        let first = try await self.memory.current()
        let reply = try await next(call.with(first.credentials))
        guard reply.response.status == .unauthorized, !reply.isAfterExecution, !reply.isWithoutCredentials,
            call.body?.isReplayable ?? true
        else { return reply }
        await reply.discard()
        let second = try await self.memory.other(than: first)
        return try await next(call.with(second.credentials))
    }
}

extension HTTPCall {
    /// The same with these credentials' header fields.
    package func with(_ credentials: Credentials) -> HTTPCall {
        var call = self
        for header in credentials.headers {
            if let name = HTTPField.Name(header.name) { call.request.headerFields[name] = header.value }
        }
        return call
    }
}
