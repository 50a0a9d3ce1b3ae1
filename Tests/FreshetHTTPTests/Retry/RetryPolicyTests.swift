// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP
import HTTPTypes
import Testing

@Suite struct RetryPolicyTests {
    private static func call(_ method: HTTPRequest.Method, key: Bool = false, body: HTTPBody? = nil) -> HTTPCall {
        var request = HTTPRequest(method: method, scheme: "http", authority: "h", path: "/")
        if key { request.headerFields[.idempotencyKey] = "1" }
        return HTTPCall(request, body: body)
    }

    private static func error(_ kind: FreshetError.Kind) -> FreshetError { FreshetError(kind, "x") }

    private static func status(_ status: Int, retryAfter: Duration? = nil) -> FreshetError {
        let refusal = HTTPRefusal(status: status, retryAfter: retryAfter, authenticate: nil, body: [])
        return FreshetError(.server(status: status), "x", refusal: refusal)
    }

    private static let idempotent: [HTTPRequest.Method] = [.get, .head, .put, .delete, .options, .trace]
    private static let others: [HTTPRequest.Method] = [.post, .patch, .connect]

    @Test("Statuses: which methods are sent again after which")
    func statuses() {
        let policy = RetryPolicy()
        for status in [408, 425, 429, 500, 502, 503, 504] {
            for method in Self.idempotent {
                #expect(policy.delay(after: Self.status(status), of: Self.call(method), jitter: 0) != nil)
            }
            for method in Self.others {
                // Those two say that the request was not looked at.
                let isSafe = status == 425 || status == 429
                #expect((policy.delay(after: Self.status(status), of: Self.call(method), jitter: 0) != nil) == isSafe)
                #expect(policy.delay(after: Self.status(status), of: Self.call(method, key: true), jitter: 0) != nil)
            }
        }
        for status in [400, 401, 403, 404, 409, 412, 422, 501, 505] {
            #expect(policy.delay(after: Self.status(status), of: Self.call(.get), jitter: 0) == nil)
        }
    }

    @Test("Errors: a call that is not idempotent is sent again only if it certainly was not executed")
    func errors() {
        let policy = RetryPolicy()
        let before: [FreshetError.Kind] = [
            .unreachable, .interrupted, .tls(.other), .timeout(.resolve), .timeout(.connect), .timeout(.tls),
        ]
        for kind in before {
            for method in Self.idempotent + Self.others {
                #expect(
                    policy.delay(after: Self.error(kind), of: Self.call(method), jitter: 0) != nil,
                    "\(method) \(kind)"
                )
            }
        }
        for kind in [.timeout(.response), .timeout(.body)] as [FreshetError.Kind] {
            #expect(policy.delay(after: Self.error(kind), of: Self.call(.get), jitter: 0) != nil)
            #expect(policy.delay(after: Self.error(kind), of: Self.call(.post, key: true), jitter: 0) != nil)
            #expect(policy.delay(after: Self.error(kind), of: Self.call(.post), jitter: 0) == nil)
        }
        let never: [FreshetError.Kind] = [
            .outcomeUnknown, .timeout(.total), .tls(.unknownAuthority), .tls(.expired), .tls(.keyNotPinned), .cancelled,
            .invalidInput, .protocolViolation, .messageTooLarge, .decoding, .proxyRefused(status: 407),
        ]
        for kind in never {
            for method in Self.idempotent + Self.others {
                #expect(
                    policy.delay(after: Self.error(kind), of: Self.call(method), jitter: 0) == nil,
                    "\(method) \(kind)"
                )
            }
        }
    }

    @Test("A body that can be read once is sent once, and so is everything by the policy that says never")
    func once() {
        let stream = HTTPBody(AsyncStream<Bytes> { $0.finish() })
        let bytes = HTTPBody(Array("x".utf8))
        #expect(RetryPolicy().delay(after: Self.status(503), of: Self.call(.put, body: stream), jitter: 0) == nil)
        #expect(RetryPolicy().delay(after: Self.status(503), of: Self.call(.put, body: bytes), jitter: 0) != nil)
        #expect(RetryPolicy.never.delay(after: Self.status(503), of: Self.call(.get), jitter: 0) == nil)
    }

    @Test("Waits grow with the attempts and their jitter, and end with the attempts")
    func waits() {
        var policy = RetryPolicy()
        policy.attempts = 9
        var call = Self.call(.get)
        var waits: [Duration?] = []
        for attempt in 1...9 {
            call.attempt = attempt
            waits.append(policy.delay(after: Self.status(503), of: call, jitter: 0.5))
        }
        let seconds = [0.125, 0.25, 0.5, 1, 2, 4, 8, 10]
        #expect(waits == seconds.map { .milliseconds(Int($0 * 1000)) } + [nil])
    }

    @Test("Retry-After is the least that is waited, unless it is longer than anybody waits, or not honoured")
    func retryAfter() {
        var policy = RetryPolicy()
        func wait(_ seconds: Int) -> Duration? {
            policy.delay(after: Self.status(429, retryAfter: .seconds(seconds)), of: Self.call(.post), jitter: 0.5)
        }
        #expect(wait(0) == .milliseconds(125))
        #expect(wait(60) == .milliseconds(60_125))
        #expect(wait(61) == nil)
        policy.honorsRetryAfter = false
        #expect(wait(61) == .milliseconds(125))
    }

    @Test("A caller's own rule is asked about what may be repeated, and cannot repeat what may not")
    func ownRule() {
        var policy = RetryPolicy()
        policy.isRetryable = { $0.kind == .protocolViolation ? true : $0.kind == .unreachable ? false : nil }
        #expect(policy.delay(after: Self.error(.protocolViolation), of: Self.call(.get), jitter: 0) != nil)
        #expect(policy.delay(after: Self.error(.unreachable), of: Self.call(.get), jitter: 0) == nil)
        #expect(policy.delay(after: Self.error(.interrupted), of: Self.call(.get), jitter: 0) != nil)
        #expect(policy.delay(after: Self.error(.protocolViolation), of: Self.call(.post), jitter: 0) == nil)
    }
}
