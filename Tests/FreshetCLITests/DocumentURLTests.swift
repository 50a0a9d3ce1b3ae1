// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

@testable import FreshetCLI

struct DocumentURLTests {
    private func failure(_ url: String) throws -> FreshetError {
        try #require(
            #expect(throws: FreshetError.self) { _ = try DocumentURL(url)?.target(DocumentSettings()) }
        )
    }

    @Test(
        "A secret in the URL is not repeated, and --token is named",
        arguments: [
            "rtdb+wss://name.firebaseio.com/users?auth=SECRETQ", "firestore://my-app/users?access_token=SECRETQ",
            "rtdb+ws://127.0.0.1:9000/users?ns=a&Auth=SECRETQ",
        ]
    )
    func secrets(_ url: String) throws {
        let error = try self.failure(url)
        #expect(error.kind == .invalidInput)
        #expect(!error.description.contains("SECRETQ"))
        #expect(error.hint?.contains("--token") == true)
    }

    @Test("What is not understood is named, with what there is; its value is not repeated")
    func unknown() throws {
        let realtime = try self.failure("rtdb+wss://name.firebaseio.com/users?orderby=SECRETQ")
        #expect(realtime.message == "the URL asks for orderby, which is not understood")
        #expect(realtime.hint?.contains("orderBy") == true)
        let firestore = try self.failure("firestore://my-app/users?limit=many")
        #expect(firestore.message == "the URL asks for limit, which is not understood")
        #expect(firestore.hint?.contains("limit=10") == true)
    }

    @Test(
        "A scheme that is certainly meant for documents is told how it is written",
        arguments: [
            ("etcd://127.0.0.1:2379/users/", "etcd+http://"), ("nats://h/b", "nats+ws://"),
            ("kube://c/n/pods", "k8s://"),
            ("Etcd+HTTP://h/", "etcd+http://"), ("rtdb://n.firebaseio.com/", "rtdb+wss://"),
            ("firestore+https://p/users", "firestore://"),
        ]
    )
    func mistaken(_ url: String, _ right: String) throws {
        let error = try self.failure(url)
        #expect(error.kind == .invalidInput)
        #expect(error.hint == "try \(right)")
    }

    @Test(
        "URLs of something else are left alone",
        arguments: ["ws://h/", "https://h/etcd://", "items/1", "gopher://h/"]
    )
    func others(_ url: String) throws {
        #expect(try DocumentURL(url) == nil)
    }

    @Test("A bucket that is not there is told with the command that makes it; other errors stay as they are")
    func bucket() {
        let missing = FreshetError(.notFound, "JetStream refused $JS.API.STREAM.INFO.KV_users: stream not found")
        let explained = DocumentURL.explaining(missing, bucket: "users")
        #expect(explained.kind == .notFound && explained.message == missing.message)
        #expect(explained.hint == "create the bucket first: nats kv add users")
        let key = FreshetError(.notFound, "there is no a in the bucket")
        #expect(DocumentURL.explaining(key, bucket: "users") == key)
    }
}
