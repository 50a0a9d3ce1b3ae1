// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

@testable import FreshetFirebase

/// Where a database is.
struct RealtimeURLTests {
    @Test("A host of Google's says the database's name; another one is told it")
    func webSocket() throws {
        let google = try RealtimeURL("https://my-app.firebaseio.com/")
        #expect(google.isGoogle)
        #expect(google.webSocket(host: nil, session: nil) == "wss://my-app.firebaseio.com/.ws?v=5")
        #expect(
            google.webSocket(host: "s-usc1a.firebaseio.com", session: "a b")
                == "wss://s-usc1a.firebaseio.com/.ws?v=5&ls=a%20b&ns=my-app"
        )
        #expect(google.webSocket(host: "my-app.firebaseio.com", session: nil) == "wss://my-app.firebaseio.com/.ws?v=5")
        let emulator = try RealtimeURL("http://127.0.0.1:9000?ns=demo")
        #expect(!emulator.isGoogle)
        #expect(emulator.webSocket(host: nil, session: nil) == "ws://127.0.0.1:9000/.ws?v=5&ns=demo")
        #expect(emulator.webSocket(host: "127.0.0.1:9001", session: nil) == "ws://127.0.0.1:9001/.ws?v=5&ns=demo")
        #expect(emulator.http == "http://127.0.0.1:9000")
        #expect(try RealtimeURL("wss://my-app.europe-west1.firebasedatabase.app").isGoogle)
    }

    @Test(
        "What cannot be a database's URL is told",
        arguments: [
            "", "name", "ftp://name", "https://", "https://host/path", "https://host?x=1", "https://a b",
            "https://user@host", "https://host:99999",
        ]
    )
    func bad(_ text: String) {
        do {
            _ = try RealtimeURL(text)
            Issue.record("it was taken")
        } catch {
            #expect(error.kind == .invalidInput)
        }
    }
}
