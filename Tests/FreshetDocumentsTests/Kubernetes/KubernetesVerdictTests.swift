// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

@testable import FreshetDocuments

/// What comes after the end of a watch.
@Suite struct KubernetesVerdictTests {
    private static func refusal(_ status: Int, retryAfter: Duration? = nil) -> ConnectionEnd {
        let refusal = HTTPRefusal(status: status, retryAfter: retryAfter, authenticate: nil, body: [])
        let error = FreshetError(.upgradeRefused(status: status), "HTTP \(status)", refusal: refusal)
        return .failure(error, retryAfter: retryAfter)
    }

    private static func error(_ status: Int) -> FreshetError {
        let refusal = HTTPRefusal(status: status, retryAfter: nil, authenticate: nil, body: [])
        return FreshetError(.rejected(status: status), "HTTP \(status)", refusal: refusal)
    }

    private static let normal = ConnectionEnd.closeFrame(code: 1000, reason: "")
    private static let broken = ConnectionEnd.failure(FreshetError(.closed(code: 1006), "it broke"))

    @Test("A clean close is a part of a watch's life, unless it comes at once and nothing came before it")
    func normalEnd() {
        #expect(KubernetesVerdict(webSocket: Self.normal, life: .seconds(300), hadEvents: false) == .again)
        #expect(KubernetesVerdict(webSocket: Self.normal, life: .milliseconds(10), hadEvents: true) == .again)
        #expect(
            KubernetesVerdict(webSocket: Self.normal, life: .milliseconds(10), hadEvents: false)
                == .later(reason: "the server ended the watch at once", after: .seconds(1))
        )
        #expect(KubernetesVerdict(answer: nil, life: .seconds(60), hadEvents: false, refusal: nil) == .again)
    }

    @Test("A watch that breaks is made again with a backoff, unless it was well for long")
    func broken() {
        #expect(
            KubernetesVerdict(webSocket: Self.broken, life: .seconds(5), hadEvents: true)
                == .later(reason: "it broke", after: .zero)
        )
        #expect(KubernetesVerdict(webSocket: Self.broken, life: .seconds(31), hadEvents: false) == .again)
        #expect(
            KubernetesVerdict(webSocket: Self.broken, life: nil, hadEvents: false)
                == .later(reason: "it broke", after: .zero)
        )
    }

    @Test("An upgrade that is refused in HTTP is tried as a chunked answer", arguments: [400, 403, 404, 426, 200])
    func streamed(status: Int) {
        #expect(KubernetesVerdict(webSocket: Self.refusal(status), life: nil, hadEvents: false) == .streamed)
    }

    @Test("A server in trouble is given time", arguments: [408, 429, 500, 503])
    func trouble(status: Int) {
        #expect(
            KubernetesVerdict(webSocket: Self.refusal(status, retryAfter: .seconds(7)), life: nil, hadEvents: false)
                == .later(reason: "HTTP \(status)", after: .seconds(7))
        )
        #expect(
            KubernetesVerdict(answer: Self.error(status), life: nil, hadEvents: false, refusal: Self.refusal(400))
                == .later(reason: "HTTP \(status)", after: ClosePolicy.relief)
        )
    }

    @Test("401 ends the whole connection, so that other credentials are asked for")
    func unauthorized() {
        let end = Self.refusal(401)
        #expect(KubernetesVerdict(webSocket: end, life: nil, hadEvents: false) == .hopeless(end))
    }

    @Test("410 as a status begins from a new list")
    func gone() {
        #expect(
            KubernetesVerdict(webSocket: Self.refusal(410), life: nil, hadEvents: false) == .gone(reason: "HTTP 410")
        )
        #expect(
            KubernetesVerdict(answer: Self.error(410), life: nil, hadEvents: false, refusal: nil)
                == .gone(reason: "HTTP 410")
        )
    }

    @Test("Where both ways are refused the connection ends as the WebSocket was refused, which makes feeds poll")
    func both() {
        let verdict = KubernetesVerdict(
            answer: Self.error(403),
            life: nil,
            hadEvents: false,
            refusal: Self.refusal(400)
        )
        #expect(verdict == .hopeless(Self.refusal(400)))
        #expect(Self.refusal(400).isRefusalInHTTP)
    }

    @Test("What the server does not understand ends its watch alone", arguments: [400, 422])
    func refused(status: Int) {
        let refusal = Self.refusal(400)
        #expect(
            KubernetesVerdict(answer: Self.error(status), life: nil, hadEvents: false, refusal: refusal)
                == .refused(status: status, reason: "HTTP \(status)")
        )
    }

    @Test("What would end the same way again ends the connection")
    func fatal() {
        let end = ConnectionEnd.failure(FreshetError(.tls(.unknownAuthority), "not trusted"))
        #expect(KubernetesVerdict(webSocket: end, life: nil, hadEvents: false) == .hopeless(end))
        let large = FreshetError(.messageTooLarge, "too large")
        #expect(
            KubernetesVerdict(answer: large, life: .seconds(90), hadEvents: true, refusal: nil)
                == .hopeless(.failure(large))
        )
    }
}
