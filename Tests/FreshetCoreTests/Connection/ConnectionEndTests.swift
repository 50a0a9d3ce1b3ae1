// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// What a caller is told of the end of a connection.
struct ConnectionEndTests {
    @Test(
        "Codes with a kind of their own say what to look at",
        arguments: [(4401, .unauthorized), (4403, .forbidden), (4406, .protocolViolation)]
            as [(UInt16, FreshetError.Kind)]
    )
    func namedCode(_ code: UInt16, _ kind: FreshetError.Kind) {
        let error = ConnectionEnd.closeFrame(code: code, reason: "no such luck").feedError
        #expect(error.kind == kind)
        #expect(error.message.contains("close code \(code): no such luck"))
        #expect(error.hint != nil)
        // On a WebSocket without a protocol a code is a code.
        #expect(ConnectionEnd.closeFrame(code: code, reason: "no such luck").error.kind == .closed(code: code))
    }

    @Test("B12 The code and the reason are in the message", arguments: [1000, 1001, 4500, 4999] as [UInt16])
    func message(_ code: UInt16) {
        let reasoned = FreshetError(.closed(code: code), "the server closed the connection with code \(code): restart")
        #expect(ConnectionEnd.closeFrame(code: code, reason: "restart").error == reasoned)
        let bare = FreshetError(.closed(code: code), "the server closed the connection with code \(code)")
        #expect(ConnectionEnd.closeFrame(code: code, reason: "").error == bare)
    }

    @Test("B60 A failure keeps its own error")
    func failure() {
        let error = FreshetError(.unreachable, "refused", hint: "look")
        #expect(ConnectionEnd.failure(error, retryAfter: .seconds(1)).error == error)
    }

    @Test("Our own end is the client's closing")
    func ours() {
        #expect(ConnectionEnd.ours.error.kind == .clientClosed)
    }

    @Test("An answer in HTTP other than 401 says that there is no WebSocket; nothing else does")
    func refusalInHTTP() {
        func end(_ kind: FreshetError.Kind, _ status: Int? = nil) -> ConnectionEnd {
            let refusal = status.map { HTTPRefusal(status: $0, retryAfter: nil, authenticate: nil, body: []) }
            return .failure(FreshetError(kind, "no", refusal: refusal))
        }
        for status in [200, 302, 400, 404, 426, 500, 503] {
            #expect(end(.upgradeRefused(status: status)).isRefusalInHTTP)
        }
        #expect(end(.forbidden, 403).isRefusalInHTTP)
        #expect(end(.proxyRefused(status: 407)).isRefusalInHTTP)
        #expect(!end(.forbidden).isRefusalInHTTP)
        #expect(!end(.unauthorized, 401).isRefusalInHTTP)
        #expect(!end(.upgradeRefused(status: 401)).isRefusalInHTTP)
        #expect(!end(.tls(.clientCertificateRequired), 400).isRefusalInHTTP)
        #expect(!end(.unreachable).isRefusalInHTTP)
        #expect(!ConnectionEnd.closeFrame(code: 4403, reason: "").isRefusalInHTTP)
        #expect(!ConnectionEnd.ours.isRefusalInHTTP)
    }
}
