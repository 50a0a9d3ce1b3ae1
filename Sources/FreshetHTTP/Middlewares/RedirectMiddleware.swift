// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport
import HTTPTypes

/// Follows redirects (RFC 9110 15.4). Always the last one before the transport.
///
/// To another origin only what cannot be a secret goes along, and no body; from TLS to plain never anything.
///
/// A call that is not idempotent and becomes a GET was executed. What goes wrong after that must not look as if it had not
/// been: an error becomes `.outcomeUnknown`, and the reply says so by ``HTTPReply/isAfterExecution``.
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

    func intercept(_ asked: HTTPCall, next: HTTPNext) async throws(FreshetError) -> HTTPReply {
        var call = asked
        var visited: Set<Visit> = []
        var (isExecuted, isElsewhere) = (false, false)
        do throws(FreshetError) {
            while true {
                var reply = try await next(call)
                reply.isAfterExecution = isExecuted
                reply.isWithoutCredentials = isElsewhere
                guard [301, 302, 303, 307, 308].contains(reply.response.status.code),
                    let location = reply.response.headerFields[.location], self.policy.limit > 0
                else { return reply }
                visited.insert(Visit(call.request))
                let redirected = try self.call(call, redirectedBy: reply.response, to: location)
                guard visited.count <= self.policy.limit,
                    !visited.contains(Visit(redirected.request))
                else {
                    throw FreshetError(
                        .rejected(status: reply.response.status.code),
                        visited.count <= self.policy.limit
                            ? "\(call.request.targetName) redirects in a circle"
                            : "\(call.request.targetName) is the last of more than \(self.policy.limit) redirects"
                    )
                }
                await reply.discard()
                // It is sent on with a GET when what it asked for is done.
                if redirected.request.method != call.request.method, !call.isIdempotent { isExecuted = true }
                if !redirected.request.target.isSameOrigin(as: call.request.target) { isElsewhere = true }
                call = redirected
            }
        } catch {
            throw isExecuted ? error.afterExecution(of: asked) : error
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
        func refused(_ why: String, hint: String? = nil) -> FreshetError {
            FreshetError(.rejected(status: status), "\(from.name) redirects to \(target.name), \(why)", hint: hint)
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
            // A password stands in a body as often as in a header field.
            guard (call.body?.bytes?.count ?? 0) == 0 else {
                throw refused("another origin, where no body goes", hint: "send it there yourself, if it may have it")
            }
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

extension FreshetError {
    /// What it means to a call that was executed and redirected to a GET, when it is the GET that failed.
    fileprivate func afterExecution(of call: HTTPCall) -> FreshetError {
        guard ![.cancelled, .messageTooLarge, .outcomeUnknown].contains(self.kind) else { return self }
        return FreshetError(
            .outcomeUnknown,
            "\(self.message); whether the \(call.request.method.rawValue) before the redirect was executed is unknown",
            hint: "look at the state on the server before sending it again, or send an Idempotency-Key"
        )
    }
}
