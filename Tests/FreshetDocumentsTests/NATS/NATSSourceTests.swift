// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTransport
import Testing

@testable import FreshetDocuments

/// The source alone: what it says, and what it makes of a server's words.
@Suite struct NATSSourceTests {
    private typealias Talk = NATSConversation

    // MARK: - The greeting

    @Test("The server speaks first; CONNECT, the inbox and a PING answer it; the PONG is the acknowledgement")
    func greeting() throws {
        var talk = Talk { $0.authentication = .user("me", password: "secret") }
        #expect(try talk.source.opened(subprotocol: nil, credentials: nil).isEmpty)
        let options =
            #"{"headers":true,"lang":"swift","no_responders":true,"pass":"secret","pedantic":false,"protocol":1,"#
            + #""user":"me","verbose":false,"version":"freshet"}"#
        #expect(try talk.hear(Talk.info) == ["say CONNECT \(options)\r\nSUB \(Talk.inbox).* 1\r\nPING\r\n"])
        #expect(try talk.hear("PONG\r\n") == ["ready"])
        #expect(try talk.hear("PING\r\nPONG\r\n") == ["say PONG\r\n", "answered"])
    }

    @Test("A provider's credentials count, and a bearer's token is NATS' token")
    func provided() throws {
        var talk = Talk()
        _ = try talk.source.opened(subprotocol: nil, credentials: .bearer("abc"))
        let said = try talk.hear(Talk.info)
        #expect(said.first?.contains(#""auth_token":"abc""#) == true)
    }

    @Test("Keys that have to sign are refused by name")
    func keys() throws {
        var talk = Talk()
        _ = try talk.source.opened(subprotocol: nil, credentials: Credentials(parameters: ["seed": "SU"]))
        let violation = #expect(throws: SourceViolation.self) { _ = try talk.hear(Talk.info) }
        #expect(violation?.error.kind == .invalidInput)
        #expect(violation?.error.description.contains("SU") == false)
    }

    @Test("What is not NATS ends the connection; what came before it counts")
    func violations() throws {
        for text in ["HTTP/1.1 200 OK\r\n", "INFO nonsense\r\n", "INFO {}\r\n"] {
            var talk = Talk()
            #expect(throws: SourceViolation.self) { _ = try talk.hear(text) }
        }
        var talk = try Talk.ready()
        #expect(try talk.hear("PING\r\nwhat\r\n") == ["say PONG\r\n", "refused protocolViolation"])
    }

    @Test(
        "What the server says before it hangs up is told by its kind",
        arguments: [
            ("Authorization Violation", "refused unauthorized"),
            ("User Authentication Expired", "refused unauthorized"),
            ("Stale Connection", "refused interrupted"), ("Slow Consumer", "refused interrupted"),
            ("maximum connections exceeded", "refused rateLimited(retryAfter: nil)"),
            ("Unknown Protocol Operation", "refused protocolViolation"),
            ("Maximum Payload Violation", "refused messageTooLarge"),
            ("Invalid Subject", "note the server says: Invalid Subject"),
        ]
    )
    func errors(_ text: String, _ expected: String) throws {
        var talk = try Talk.ready()
        #expect(try talk.hear("-ERR '\(text)'\r\n") == [expected])
    }

    @Test("Close code 1008 means what its reason says")
    func closeCodes() {
        let source = Talk().source
        #expect(source.decision(onClose: 1008, reason: "Slow Consumer (Write Deadline)") == .retry)
        #expect(source.decision(onClose: 1008, reason: "Authentication Failure") == .refreshCredentials)
        #expect(source.decision(onClose: 1008, reason: "Maximum Connections Exceeded") == .retryAfter(.seconds(5)))
        #expect(source.decision(onClose: 1008, reason: "Maximum Control Line Exceeded") == .retryAfter(.seconds(5)))
        #expect(source.decision(onClose: 1001, reason: "Server Shutdown") == nil)
    }

    @Test("A second INFO says that the server is about to go, and no more")
    func lameDuck() throws {
        var talk = try Talk.ready()
        let info = #"INFO {"server_id":"NSERVER","headers":true,"ldm":true}"# + "\r\n"
        #expect(try talk.hear(info) == ["note the server is about to shut down"])
        #expect(try talk.hear(Talk.info) == [])
    }

    // MARK: - Questions

    @Test("A question goes out with an inbox of its own, and the first answer is its result")
    func calls() throws {
        var talk = try Talk.ready()
        let call = NATSCall(subject: "q", headers: NATSHeaders(["A": "b"]), value: [0x78], isRepeatable: false)
        #expect(talk.ask(3, .call(call)) == "HPUB q \(Talk.inbox).3 18 19\r\nNATS/1.0\r\nA: b\r\n\r\nx\r\n")
        #expect(talk.source.kind(of: .call(call)) == .mutation)
        #expect(try talk.hear(Talk.answer("3", "yes")) == ["update 3 yes"])
        #expect(try talk.hear(Talk.answer("3", "again")) == [])
        #expect(try talk.hear(Talk.answer("99", "nobody's")) == [])
    }

    @Test("What is larger than the server takes is not sent, and fails alone")
    func tooLarge() throws {
        var talk = try Talk.ready()
        let call = NATSCall(subject: "q", value: [UInt8](repeating: 0, count: 1001), isRepeatable: true)
        let said = talk.ask(3, .call(call))
        #expect(said == "PUB \(Talk.inbox).e3 0\r\n\r\n")
        #expect(try talk.hear(Talk.answer("e3", "")) == ["failed 3 messageTooLarge"])
        #expect(try talk.hear(Talk.answer("e3", "")) == [])
    }

    @Test("A refused publication fails the question that it belongs to")
    func forbiddenCall() throws {
        var talk = try Talk.ready()
        _ = talk.ask(3, .call(NATSCall(subject: "q", isRepeatable: true)))
        _ = talk.ask(4, .call(NATSCall(subject: "r", isRepeatable: true)))
        let said = try talk.hear("-ERR 'Permissions Violation for Publish to \"r\"'\r\n")
        #expect(said == ["failed 4 forbidden"])
        let inbox = try talk.hear("-ERR 'Permissions Violation for Subscription to \"\(Talk.inbox).*\"'\r\n")
        #expect(inbox == ["refused forbidden"])
        let other = try talk.hear("-ERR 'Permissions Violation for Publish to \"x\"'\r\n")
        #expect(other.first?.hasPrefix("note") == true)
    }
}
