// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport
import HTTPTypes

/// Follows redirects (RFC 9110 15.4). Always the last one before the transport.
///
/// To another origin only what cannot be a secret goes along; from TLS to plain never anything.
struct RedirectMiddleware: HTTPMiddleware {
    private let policy: RedirectPolicy

    init(_ policy: RedirectPolicy) { self.policy = policy }

    /// What any server may see.
    private static let harmless: Set<HTTPField.Name> = [
        .accept, .acceptEncoding, .acceptLanguage, .userAgent, .contentType, .contentLanguage, .range,
    ]

    private struct Visit: Hashable {
        let method: HTTPRequest.Method
        let target: HTTPTarget

        init(_ request: HTTPRequest) {
            self.method = request.method
            self.target = request.target
        }
    }

    func intercept(_ call: HTTPCall, next: HTTPNext) async throws(FreshetError) -> HTTPReply {
        var call = call
        var visited: Set<Visit> = []
        while true {
            let reply = try await next(call)
            guard [301, 302, 303, 307, 308].contains(reply.response.status.code),
                let location = reply.response.headerFields[.location], self.policy.limit > 0
            else { return reply }
            visited.insert(Visit(call.request))
            let next = try self.call(call, redirectedBy: reply.response, to: location)
            guard visited.count <= self.policy.limit,
                !visited.contains(Visit(next.request))
            else {
                throw FreshetError(
                    .rejected(status: reply.response.status.code),
                    visited.count <= self.policy.limit
                        ? "\(call.request.targetName) redirects in a circle"
                        : "\(call.request.targetName) is the last of more than \(self.policy.limit) redirects"
                )
            }
            await reply.discard()
            call = next
        }
    }

    private func call(
        _ call: HTTPCall,
        redirectedBy response: HTTPResponse,
        to location: String
    ) throws(FreshetError) -> HTTPCall {
        let status = response.status.code
        let from = call.request.target
        let target = try from.resolving(location)
        func refused(_ why: String) -> FreshetError {
            FreshetError(.rejected(status: status), "\(from.name) redirects to \(target.name), \(why)")
        }
        guard target.scheme == from.scheme || target.scheme == "https" else { throw refused("which has no TLS") }
        let isSameOrigin = target.isSameOrigin(as: from)
        guard isSameOrigin || self.policy.acrossOrigins else { throw refused("another origin") }
        var call = call
        call.request.scheme = target.scheme
        call.request.authority = target.authority
        call.request.path = target.path
        // 301 and 302 turn a POST into a GET by old custom, 303 by intention.
        if status == 303 && call.request.method != .head || status <= 302 && call.request.method == .post {
            call.request.method = .get
            call.body = nil
            for name in [HTTPField.Name.contentType, .contentLanguage] { call.request.headerFields[name] = nil }
        }
        guard call.body?.isReplayable ?? true else { throw refused("and the body cannot be sent again") }
        if !isSameOrigin {
            call.request.headerFields = HTTPFields(
                call.request.headerFields.filter { Self.harmless.contains($0.name) }
            )
        }
        return call
    }
}

extension HTTPRequest {
    var target: HTTPTarget {
        HTTPTarget(scheme: self.scheme ?? "", authority: self.authority ?? "", path: self.path ?? "/")
    }
}
