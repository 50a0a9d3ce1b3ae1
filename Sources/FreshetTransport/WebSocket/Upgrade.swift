// SPDX-License-Identifier: Apache-2.0

import CFreshetLoop
package import FreshetCore
import FoundationEssentials

/// The opening handshake, as a client (RFC 6455 4.1): a request to write, a response to judge.
package struct Upgrade: Sendable {
    package let endpoint: Endpoint
    package let subprotocols: [String]
    package let headers: [HTTPHeader]
    package let compression: CompressionConfiguration
    /// Sec-WebSocket-Key: 16 random bytes in base64.
    package let key: String

    package init(
        endpoint: Endpoint,
        subprotocols: [String],
        headers: [HTTPHeader],
        compression: CompressionConfiguration = .off,
        randomBytes: [UInt8]
    ) throws(FreshetError) {
        for header in headers { try header.check() }
        // Not named in the error: some servers take a token as a subprotocol.
        guard subprotocols.allSatisfy(HTTPHeader.isToken), Set(subprotocols).count == subprotocols.count else {
            throw FreshetError(.invalidInput, "a subprotocol is named twice, or as none can be (RFC 6455 4.1)")
        }
        self.endpoint = endpoint
        self.subprotocols = subprotocols
        self.headers = headers
        self.compression = compression
        self.key = Data(randomBytes).base64EncodedString()
    }

    /// The request, up to its empty line, which libwebsockets adds.
    package var request: [UInt8] {
        var lines = [
            "GET \(self.endpoint.target) HTTP/1.1",
            "Host: \(self.endpoint.authority)",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: \(self.key)",
            "Sec-WebSocket-Version: 13",
        ]
        if !self.subprotocols.isEmpty {
            lines.append("Sec-WebSocket-Protocol: \(self.subprotocols.joined(separator: ", "))")
        }
        if let offer = self.compression.offer { lines.append("Sec-WebSocket-Extensions: \(offer)") }
        lines += self.headers.map { "\($0.name): \($0.value)" }
        return Array(lines.map { $0 + "\r\n" }.joined().utf8)
    }

    /// What was agreed on.
    package struct Agreement: Sendable, Equatable {
        package let subprotocol: String?
        package let compression: CompressionAgreement?
    }

    private static let judged = [
        "upgrade", "connection", "sec-websocket-accept", "sec-websocket-protocol", "sec-websocket-extensions",
    ]

    /// Judges a 101; `header` finds a header by its lower-case name.
    package func check(header: (String) -> String?) throws(FreshetError) -> Agreement {
        // Strings are equal when Unicode holds them to be, which only for ASCII is byte for byte.
        for name in Self.judged where header(name)?.utf8.allSatisfy({ $0 < 0x80 }) == false {
            throw self.broken("its \(name) is not ASCII")
        }
        guard header("upgrade")?.lowercased() == "websocket",
            Self.tokens(header("connection")).contains("upgrade")
        else { throw self.broken("its 101 does not upgrade to websocket") }
        guard header("sec-websocket-accept") == Self.accept(for: self.key) else {
            throw self.broken("its Sec-WebSocket-Accept does not answer our key")
        }
        // It would put libwebsockets' body parser between us and the frames (A 0 a).
        guard header("content-length") == nil, header("transfer-encoding") == nil else {
            throw self.broken("its 101 announces a body")
        }
        let agreed = header("sec-websocket-protocol")
        if let agreed, !self.subprotocols.contains(agreed) {
            throw self.broken("it chose the subprotocol \(agreed.prefix(60)), which was not offered", quoting: agreed)
        }
        var compression: CompressionAgreement?
        if let answer = header("sec-websocket-extensions") {
            do throws(CompressionAgreement.Failure) {
                compression = try CompressionAgreement(answer: answer, to: self.compression)
            } catch {
                throw self.broken(error.reason, quoting: answer)
            }
        }
        return Agreement(subprotocol: agreed, compression: compression)
    }

    /// What Sec-WebSocket-Accept must be (RFC 6455 4.2.2).
    package static func accept(for key: String) -> String {
        SHA1.base64(of: Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
    }

    private static func tokens(_ value: String?) -> [String] {
        (value ?? "").lowercased().split(separator: ",").map { token in
            String(token.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }

    /// `quoted` is what the server wrote: not repeated where it repeats a header of ours, which may be a secret.
    private func broken(_ what: String, quoting quoted: String = "") -> FreshetError {
        let repeats = self.headers.contains { $0.isRepeated(in: quoted) }
        let said = repeats ? "it answers with a header of ours" : what
        return FreshetError(.protocolViolation, "\(self.endpoint.authority) broke the WebSocket handshake: \(said)")
    }
}
