// SPDX-License-Identifier: Apache-2.0

import CFreshetLoop
package import FreshetCore
import FoundationEssentials

/// The opening handshake, as a client (RFC 6455 4.1): a request to write, a response to judge.
package struct Upgrade: Sendable {
    package let endpoint: Endpoint
    package let subprotocols: [String]
    package let headers: [HTTPHeader]
    /// Sec-WebSocket-Key: 16 random bytes in base64.
    package let key: String

    package init(
        endpoint: Endpoint,
        subprotocols: [String],
        headers: [HTTPHeader],
        randomBytes: [UInt8]
    ) throws(FreshetError) {
        for header in headers { try header.check() }
        self.endpoint = endpoint
        self.subprotocols = subprotocols
        self.headers = headers
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
        lines += self.headers.map { "\($0.name): \($0.value)" }
        return Array(lines.map { $0 + "\r\n" }.joined().utf8)
    }

    /// Judges a response; `header` finds a header by its lower-case name. Returns the subprotocol that was agreed.
    package func check(status: Int, header: (String) -> String?) throws(FreshetError) -> String? {
        guard status == 101 else { throw self.refusal(status: status, location: header("location")) }
        guard header("upgrade")?.lowercased() == "websocket",
            Self.tokens(header("connection")).contains("upgrade")
        else { throw self.broken("its 101 does not upgrade to websocket") }
        guard header("sec-websocket-accept") == Self.accept(for: self.key) else {
            throw self.broken("its Sec-WebSocket-Accept does not answer our key")
        }
        guard header("sec-websocket-extensions") == nil else {
            throw self.broken("it uses an extension that was not offered")
        }
        // It would put libwebsockets' body parser between us and the frames (A 0 a).
        guard header("content-length") == nil, header("transfer-encoding") == nil else {
            throw self.broken("its 101 announces a body")
        }
        let agreed = header("sec-websocket-protocol")
        if let agreed, !self.subprotocols.contains(agreed) {
            throw self.broken("it chose the subprotocol \(agreed.prefix(60)), which was not offered")
        }
        return agreed
    }

    /// What Sec-WebSocket-Accept must be (RFC 6455 4.2.2).
    package static func accept(for key: String) -> String {
        let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        var digest = [UInt8](repeating: 0, count: 20)
        unsafe freshet_sha1(text, text.count, &digest)
        return Data(digest).base64EncodedString()
    }

    private static func tokens(_ value: String?) -> [String] {
        (value ?? "").lowercased().split(separator: ",").map { token in
            String(token.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }

    private func broken(_ what: String) -> FreshetError {
        FreshetError(.protocolViolation, "\(self.endpoint.authority) broke the WebSocket handshake: \(what)")
    }

    private func refusal(status: Int, location: String?) -> FreshetError {
        let who = self.endpoint.authority
        switch status {
        case 401:
            return FreshetError(
                .unauthorized,
                "\(who) wants other credentials (HTTP 401)",
                hint: "check the token and whether it has expired"
            )
        case 403:
            return FreshetError(
                .forbidden,
                "\(who) refuses these credentials or this origin (HTTP 403)",
                hint: "check the token and what it is allowed to do"
            )
        case 300...399:
            let target = location.map { " to \($0.prefix { $0 != "?" })" } ?? ""
            return FreshetError(
                .upgradeRefused(status: status),
                "\(who) redirects\(target) (HTTP \(status))",
                hint: "use that URL"
            )
        case 400...499:
            return FreshetError(
                .upgradeRefused(status: status),
                "\(who) has no WebSocket at \(self.endpoint.target.prefix { $0 != "?" }) (HTTP \(status))",
                hint: "check the path of the URL"
            )
        case 500...599:
            return FreshetError(.upgradeRefused(status: status), "\(who) cannot serve at present (HTTP \(status))")
        default:
            return FreshetError(
                .upgradeRefused(status: status),
                "\(who) answered with HTTP \(status) instead of upgrading to WebSocket",
                hint: "check that the URL's path is a WebSocket endpoint"
            )
        }
    }
}
