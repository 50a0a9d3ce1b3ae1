// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

@testable import FreshetDocuments

/// What etcd's refusals mean; the bodies are a real server's.
@Suite struct EtcdErrorTests {
    private static func kind(_ body: String, _ status: Int) -> FreshetError.Kind {
        EtcdError(Bytes(copying: body.utf8), status: status).error(of: "it").kind
    }

    @Test("Each refusal has its kind")
    func kinds() {
        func body(_ text: String, _ code: Int) -> String {
            #"{"error":"\#(text)","message":"\#(text)","code":\#(code)}"#
        }
        let kinds: [(String, Int, Int, FreshetError.Kind)] = [
            ("etcdserver: user name is empty", 3, 400, .unauthorized),
            ("etcdserver: invalid auth token", 16, 401, .unauthorized),
            ("etcdserver: authentication failed, invalid user ID or password", 3, 400, .unauthorized),
            ("etcdserver: permission denied", 7, 403, .forbidden),
            ("etcdserver: request is too large", 3, 400, .messageTooLarge),
            ("etcdserver: mvcc: required revision has been compacted", 11, 400, .notFound),
            ("etcdserver: mvcc: required revision is a future revision", 11, 400, .notFound),
            ("etcdserver: no leader", 14, 503, .server(status: 503)),
            ("etcdserver: key is not provided", 3, 400, .rejected(status: 400)),
        ]
        for (text, code, status, kind) in kinds { #expect(Self.kind(body(text, code), status) == kind, "\(text)") }
        let object =
            #"{"error":{"grpc_code":7,"http_code":403,"message":"etcdserver: permission denied","http_status":"Forbidden"}}"#
        #expect(Self.kind(object, 403) == .forbidden)
    }

    @Test("What is not etcd's is not taken for it", arguments: ["", "<html>", "[]", "{}", #"{"error":7}"#])
    func foreign(_ body: String) {
        #expect(!EtcdError(Bytes(copying: body.utf8), status: 400).isKnown)
    }
}
