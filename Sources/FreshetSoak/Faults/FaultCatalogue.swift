// SPDX-License-Identifier: Apache-2.0

/// Every fault that a run knows.
package enum FaultCatalogue {
    /// In the order of layers, from the wire up.
    package static let all: [Fault] =
        network + webSocket + closes + upgrade + tls + names + servers + documents
        + middleboxes + clocks + credentials + app + system

    private static let byID = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })

    /// The fault of an id. Details in brackets, as in `net.latency(200ms)`, do not count where there is no fault of just that
    /// id.
    package static func fault(_ id: String) -> Fault? {
        byID[id] ?? id.firstIndex(of: "(").flatMap { byID[String(id[..<$0])] }
    }

    /// Whether streams may end because of it.
    package static func endsStreams(_ id: String) -> Bool {
        switch fault(id)?.outcome {
        case .fatal, .policy: true
        default: false
        }
    }

    /// Those that a run can do.
    package static var injectable: [Fault] { all.filter { $0.whyNot == nil } }

    private static let atOnce = Fault.Detection.within(.milliseconds(100))

    static let network = [
        Fault("tcp.rst", "The connection is reset.", atOnce, ["closed(1006)", "unreachable"], .retry),
        Fault("tcp.fin", "The connection is ended after a close frame.", atOnce, ["closed(1001)"], .retry),
        Fault(
            "tcp.fin-noclose",
            "It is ended inside a frame, without a close frame.",
            atOnce,
            ["closed(1006)"],
            .retry
        ),
        Fault(
            "tcp.blackhole",
            "Nothing gets through any more, both ways, up or down; the socket stays.",
            .keepAlive,
            ["timeout(keepAlive)"],
            .retry
        ),
        Fault("tcp.half-open", "The peer is gone, and writes succeed.", .keepAlive, ["timeout(keepAlive)"], .retry),
        Fault("tcp.refused", "Nothing listens.", .within(.seconds(1)), ["unreachable"], .retry),
        Fault(
            "tcp.syn-drop",
            "Nobody answers.",
            .deadline,
            ["timeout(connect)", "timeout(credentials)", "unreachable"],
            .retry
        ),
        Fault("net.latency", "Everything comes 50 to 5000 ms later.", .unnoticed, [], .goesOn),
        Fault("net.bandwidth", "1 to 16 kB a second get through.", .unnoticed, [], .goesOn),
        Fault("net.slowdrip", "One byte a second gets through.", .unnoticed, [], .goesOn),
        Fault("net.slice", "Everything comes in pieces of 1 to 7 bytes.", .unnoticed, [], .goesOn),
        Fault(
            "net.flap",
            "The network is there for 2 s and away for 1 s, again and again: the backoff grows.",
            .unnoticed,
            ["closed(1006)", "unreachable", "tls(other)"],
            .retry
        ),
    ]

    static let webSocket = [
        Fault("ws.partial-frame", "A frame does not come to its end.", .keepAlive, ["timeout(keepAlive)"], .retry),
        Fault("ws.bad-utf8", "Text that is no UTF-8: closed with 1007.", atOnce, ["protocolViolation"], .fatal),
        Fault("ws.oversize", "A message above the limit: closed with 1009.", atOnce, ["messageTooLarge"], .fatal),
        Fault(
            "ws.unmasked/rsv",
            "Masked by the server, or reserved bits: 1002.",
            atOnce,
            ["protocolViolation"],
            .fatal
        ),
        Fault("ws.fragment-interleave", "A message inside another: 1002.", atOnce, ["protocolViolation"], .fatal),
        Fault("ws.ping-flood", "Thousands of pings: the newest is answered.", .unnoticed, [], .goesOn),
        Fault("ws.no-pong", "Pings are not answered.", .keepAlive, ["timeout(keepAlive)"], .retry),
        Fault("ws.close-unanswered", "The peer ignores our close: cut after 1 s.", .unnoticed, [], .goesOn),
    ]

    static let closes =
        [
            close(1000, "as if done", .retry), close(1001, "going away", .retry), close(1006, "none", .retry),
            close(1008, "policy", .fatal), close(1011, "a server's error", .retryAfter),
            close(1012, "restart", .retry), close(1013, "try again later", .retryAfter),
            close(1014, "bad gateway", .retry), close(4400, "bad request", .fatal),
            Fault("ws.close(4401)", "Closed with 4401, unauthorized.", atOnce, ["unauthorized"], .refresh),
            Fault("ws.close(4403)", "Closed with 4403, forbidden.", atOnce, ["forbidden"], .refresh),
            Fault("ws.close(4406)", "Closed with 4406, subprotocol.", atOnce, ["protocolViolation"], .fatal),
            close(4408, "initialisation timeout", .retry),
            close(4409, "subscriber exists", .fatal), close(4429, "too many requests", .retryAfter),
            close(4499, "terminated", .retry), close(4500, "a server's error", .retryAfter),
        ]

    private static func close(_ code: Int, _ meaning: String, _ outcome: Fault.Outcome) -> Fault {
        Fault("ws.close(\(code))", "Closed with \(code), \(meaning).", atOnce, ["closed(\(code))"], outcome)
    }

    static let upgrade = [
        status(429, "too many requests; Retry-After is a floor", .retryAfter),
        status(503, "unavailable; Retry-After is a floor", .retryAfter),
        Fault("http.401", "The upgrade is answered with 401.", atOnce, ["unauthorized"], .refresh),
        Fault("http.403", "The upgrade is answered with 403.", atOnce, ["forbidden"], .refresh),
        redirect(301), redirect(302), redirect(307),
        Fault("http.200-html", "A captive portal answers with a page.", atOnce, ["upgradeRefused(200)"], .fatal),
        status(426, "another version is wanted", .fatal),
        Fault("bad-accept", "101 with a wrong Sec-WebSocket-Accept.", atOnce, ["protocolViolation"], .fatal),
        Fault("no-subprotocol", "101 without the subprotocol.", atOnce, ["protocolViolation", "closed(4400)"], .fatal),
    ]

    private static func status(_ status: Int, _ meaning: String, _ outcome: Fault.Outcome) -> Fault {
        let does = "The upgrade is answered with \(status): \(meaning)."
        return Fault("http.\(status)", does, atOnce, ["upgradeRefused(\(status))"], outcome)
    }

    private static func redirect(_ status: Int) -> Fault {
        let does = "The upgrade is redirected by \(status): five at most, and no credentials for another origin."
        return Fault("http.\(status)", does, .unnoticed, [], .retry)
    }
}
