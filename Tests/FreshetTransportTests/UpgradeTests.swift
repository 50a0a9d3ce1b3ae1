// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetTransport
import Testing

struct UpgradeTests {
    private static let key = "dGhlIHNhbXBsZSBub25jZQ=="
    private static let good = [
        "upgrade": "websocket", "connection": "Upgrade", "sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    ]

    private func upgrade(
        _ url: String = "wss://api.example.com/graphql?token=hunter2",
        subprotocols: [String] = ["graphql-transport-ws"],
        headers: [HTTPHeader] = []
    ) throws -> Upgrade {
        let nonce = try #require(Data(base64Encoded: Self.key))
        return try Upgrade(
            endpoint: Endpoint(url),
            subprotocols: subprotocols,
            headers: headers,
            randomBytes: Array(nonce)
        )
    }

    private func failure(_ changes: [String: String?] = [:]) throws -> FreshetError {
        let upgrade = try upgrade()
        var headers = Self.good
        for (name, value) in changes { headers[name] = value }
        return try #require(
            #expect(throws: FreshetError.self) { try upgrade.check { headers[$0] } }
        )
    }

    @Test("The request, to the byte")
    func request() throws {
        let upgrade = try upgrade(
            "ws://127.0.0.1:4000/graphql?a=1",
            subprotocols: ["graphql-transport-ws", "graphql-ws"],
            headers: [HTTPHeader("Authorization", "Bearer abc"), HTTPHeader("Origin", "https://example.com")]
        )
        #expect(
            String(decoding: upgrade.request, as: UTF8.self)
                == [
                    "GET /graphql?a=1 HTTP/1.1", "Host: 127.0.0.1:4000", "Upgrade: websocket", "Connection: Upgrade",
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
                    "Sec-WebSocket-Protocol: graphql-transport-ws, graphql-ws", "Authorization: Bearer abc",
                    "Origin: https://example.com", "",
                ].joined(separator: "\r\n")
        )
    }

    @Test("Without subprotocols there is no header for them")
    func noSubprotocols() throws {
        let request = String(decoding: try upgrade("wss://[::1]", subprotocols: []).request, as: UTF8.self)
        #expect(
            request
                == [
                    "GET / HTTP/1.1", "Host: [::1]", "Upgrade: websocket", "Connection: Upgrade",
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", "",
                ].joined(separator: "\r\n")
        )
    }

    @Test("RFC 6455 1.3: the key and its answer")
    func accept() throws {
        #expect(try upgrade().key == Self.key)
        #expect(Upgrade.accept(for: Self.key) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test(
        "A header that would change the request is refused",
        arguments: [("X", "a\r\nY: b"), ("X\r\nY", "b"), ("Host", "b")]
    )
    func injection(_ name: String, _ value: String) throws {
        let error = #expect(throws: FreshetError.self) { try upgrade(headers: [HTTPHeader(name, value)]) }
        #expect(error?.kind == .invalidInput)
    }

    @Test("A good answer gives the subprotocol that was agreed", arguments: [nil, "graphql-transport-ws"])
    func agreed(_ subprotocol: String?) throws {
        var headers = Self.good
        headers["sec-websocket-protocol"] = subprotocol
        #expect(try upgrade().check { headers[$0] }.subprotocol == subprotocol)
    }

    @Test(
        "Upgrade and Connection are compared as HTTP wants it",
        arguments: [
            ("WebSocket", "upgrade"), ("websocket", "keep-alive, Upgrade"), ("WEBSOCKET", "keep-alive ,  UPGRADE "),
        ]
    )
    func caseAndLists(_ upgradeHeader: String, _ connection: String) throws {
        var headers = Self.good
        headers["upgrade"] = upgradeHeader
        headers["connection"] = connection
        #expect(throws: Never.self) { try upgrade().check { headers[$0] } }
    }

    struct Break: Sendable, CustomTestStringConvertible {
        let header: String
        let value: String?

        var testDescription: String { "\(header): \(value ?? "absent")" }

        init(_ header: String, _ value: String?) {
            self.header = header
            self.value = value
        }
    }

    @Test(
        "A 101 that is not what was asked for is a violation",
        arguments: [
            Break("upgrade", nil), Break("upgrade", "h2c"), Break("connection", nil), Break("connection", "close"),
            Break("connection", "not-upgrade"), Break("sec-websocket-accept", nil), Break("sec-websocket-accept", ""),
            Break("sec-websocket-accept", "S3pPLMBiTxaQ9kYGzzhZRbK+xOo="), Break("sec-websocket-accept", key),
            Break("sec-websocket-extensions", "permessage-deflate"), Break("content-length", "5"),
            Break("transfer-encoding", "chunked"), Break("sec-websocket-protocol", "graphql-ws"),
            Break("sec-websocket-protocol", "GRAPHQL-TRANSPORT-WS"), Break("sec-websocket-protocol", ""),
        ]
    )
    func violation(_ change: Break) throws {
        let error = try failure([change.header: change.value])
        #expect(error.kind == .protocolViolation)
        #expect(error.message.hasPrefix("api.example.com broke the WebSocket handshake: "))
        #expect(!error.description.contains("hunter2"))
    }

    @Test("A server's words are cut before they are repeated")
    func longSubprotocol() throws {
        let error = try failure(["sec-websocket-protocol": String(repeating: "x", count: 4000)])
        #expect(error.message.count < 200)
    }

    @Test(
        "What is equal to Unicode and not in bytes is not what was asked for",
        arguments: [
            Break("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRb\u{212A}+xOo="), Break("upgrade", "websoc\u{212A}et"),
            Break("connection", "\u{212A}, Upgrade"),
            Break("sec-websocket-extensions", "permessage-deflate\u{37E} server_no_context_takeover"),
        ]
    )
    func canonicallyEqual(_ change: Break) throws {
        #expect(try failure([change.header: change.value]).message.hasSuffix("its \(change.header) is not ASCII"))
    }

    @Test(
        "A subprotocol that would change the request is refused, and never repeated",
        arguments: ["", "a b", "a\r\nX: y"]
    )
    func subprotocolInjection(_ name: String) throws {
        let error = #expect(throws: FreshetError.self) { try upgrade(subprotocols: ["good", "hunter2\(name)", name]) }
        #expect(error?.kind == .invalidInput)
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test("A subprotocol named twice is refused")
    func subprotocolTwice() {
        #expect(throws: FreshetError.self) { try upgrade(subprotocols: ["a", "b", "a"]) }
    }

    @Test(
        "A 101 that answers with a header of ours is a violation that does not repeat it",
        arguments: [
            Break("sec-websocket-protocol", "hunter2"),
            Break("sec-websocket-extensions", "permessage-deflate; hunter2"),
        ]
    )
    func echo(_ change: Break) throws {
        let nonce = try #require(Data(base64Encoded: Self.key))
        let upgrade = try Upgrade(
            endpoint: Endpoint("wss://h/"),
            subprotocols: [],
            headers: [HTTPHeader("Authorization", "Bearer hunter2")],
            compression: .on,
            randomBytes: Array(nonce)
        )
        let headers = Self.good.merging([change.header: change.value ?? ""]) { $1 }
        let error = #expect(throws: FreshetError.self) { try upgrade.check { headers[$0] } }
        #expect(error?.kind == .protocolViolation)
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test(
        "Every other status is told by its kind, and whether a retry may help is another's decision",
        arguments: [
            (401, .unauthorized), (403, .forbidden), (200, .upgradeRefused(status: 200)),
            (204, .upgradeRefused(status: 204)), (301, .upgradeRefused(status: 301)),
            (308, .upgradeRefused(status: 308)), (400, .upgradeRefused(status: 400)),
            (404, .upgradeRefused(status: 404)), (426, .upgradeRefused(status: 426)),
            (429, .upgradeRefused(status: 429)), (500, .upgradeRefused(status: 500)),
            (503, .upgradeRefused(status: 503)), (100, .upgradeRefused(status: 100)),
            (999, .upgradeRefused(status: 999)),
        ] as [(Int, FreshetError.Kind)]
    )
    func status(_ status: Int, _ kind: FreshetError.Kind) throws {
        let error = HTTPRefusal(status: status, retryAfter: nil, authenticate: nil, body: [])
            .error(from: try Endpoint("wss://api.example.com/graphql?token=hunter2"), sent: [])
        #expect(error.kind == kind)
        #expect(error.message.contains("api.example.com"))
        #expect(error.message.contains("HTTP \(status)"))
        #expect(!error.description.contains("hunter2"))
    }

    @Test("A header's value is in no description of the upgrade")
    func secrets() throws {
        let upgrade = try upgrade("wss://h/", headers: [HTTPHeader("Authorization", "hunter2")])
        #expect(!"\(upgrade)".contains("hunter2"))
        #expect(!String(reflecting: upgrade).contains("hunter2"))
    }
}
