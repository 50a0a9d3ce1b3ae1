// SPDX-License-Identifier: Apache-2.0

extension FaultCatalogue {
    private static let atOnce = Fault.Detection.within(.milliseconds(100))
    private static let noDescriptors =
        "on Linux libdispatch ends a process that cannot open a file while it looks after its threads: no client could help it"
    private static let namespaces = "it needs network namespaces and root: scripts/soak-netns.sh does it"

    static let tls = [
        certificate("tls.expired", "A certificate whose time is over.", ["tls(expired)"]),
        certificate("tls.wrong-host", "A certificate of another host.", ["tls(wrongHost)"]),
        certificate(
            "tls.unknown-ca",
            "A certificate of an unknown authority.",
            ["tls(unknownAuthority)", "tls(selfSigned)"]
        ),
        certificate(
            "tls.client-cert-required",
            "The server wants a client certificate.",
            ["tls(clientCertificateRequired)", "tls(clientCertificateRefused)"]
        ),
        Fault("tls.handshake-stall", "The handshake does not go on.", .deadline, ["timeout(tls)"], .retry, .tls),
        Fault("tls.mid-stream-alert", "An alert in the stream.", atOnce, ["closed(1006)", "tls(other)"], .retry, .tls),
        Fault("tls.truncation", "The end of TCP without that of TLS.", atOnce, ["closed(1006)"], .retry, .tls),
    ]

    private static func certificate(_ id: String, _ does: String, _ errors: [String]) -> Fault {
        Fault(id, does, .within(.seconds(1)), errors, .fatal, .tls)
    }

    static let names = [
        Fault("dns.nxdomain", "There is no such name.", .deadline, ["unreachable"], .retry, .client),
        Fault("dns.servfail", "The resolver fails.", .deadline, ["unreachable"], .retry, .client),
        Fault("dns.stall", "The resolver is silent.", .deadline, ["timeout(resolve)"], .retry, .client),
        Fault(
            "dns.change",
            "The name has another address, where nobody listens, and has the old one again: it is looked up each time.",
            .deadline,
            ["unreachable"],
            .retry,
            .client
        ),
    ]

    static let servers = [
        Fault(
            "srv.restart",
            "The server goes, with 1012 or killed, and comes again.",
            atOnce,
            ["closed(1012)", "closed(1006)", "unreachable"],
            .retry,
            .server
        ),
        Fault(
            "srv.rolling",
            "Servers restart one after the other.",
            .unnoticed,
            ["closed(1012)", "closed(1006)", "unreachable"],
            .retry,
            .server
        ),
        Fault(
            "srv.overload",
            "The server takes few connections at a time.",
            .deadline,
            ["upgradeRefused(503)", "timeout(upgrade)", "closed(1013)"],
            .retryAfter,
            .server
        ),
        Fault("srv.dup", "Elements come twice.", .unnoticed, [], .goesOn),
        Fault("srv.reorder", "Elements come in another order.", .unnoticed, [], .resync),
        Fault("srv.skip", "Elements are left out.", .unnoticed, [], .resync),
        Fault("srv.old", "The server goes back in time.", .unnoticed, [], .resync, .server),
        Fault(
            "srv.silent",
            "It acknowledges, then sends nothing: it is asked.",
            .silence,
            ["timeout(keepAlive)"],
            .retry
        ),
    ]

    static let documents = [
        Fault(
            "doc.410",
            "The version is gone.",
            .unnoticed,
            [],
            .resync,
            .notHere("no server that a run starts is a Kubernetes API server; the tests of that client do it")
        ),
        Fault("doc.compacted", "The revision is compacted.", .unnoticed, ["unreachable"], .resync, .server),
        Fault("kv.seq-gap", "Messages of the stream are gone.", .unnoticed, ["unreachable"], .resync, .server),
        Fault("fs.token-expired", "The resume token is too old.", .unnoticed, ["unreachable"], .resync, .server),
        Fault("fs.filter-mismatch", "The existence filter differs.", .unnoticed, ["unreachable"], .resync, .server),
        Fault("gql.no-cursor", "The cursor is no longer known.", .unnoticed, ["unreachable"], .resync, .server),
        Fault(
            "doc.snapshot-fails",
            "500 while the state is fetched anew.",
            .unnoticed,
            ["server(500)", "unreachable"],
            .resync,
            .server
        ),
    ]

    static let middleboxes = [
        Fault("proxy.idle-timeout", "Silent connections are cut after 30 to 60 s.", .unnoticed, [], .goesOn),
        Fault("proxy.buffering", "What comes is held back until there is much of it.", .unnoticed, [], .goesOn),
        Fault("proxy.407", "The proxy wants credentials.", atOnce, ["proxyRefused(407)"], .fatal),
    ]

    static let clocks = [
        Fault(
            "clk.jump±",
            "The clock on the wall jumps.",
            .unnoticed,
            [],
            .goesOn,
            .notHere("the machine's clock would have to be set; timers run on the monotonic one")
        ),
        Fault(
            "clk.suspend",
            "The client stands still for 90 s (SIGSTOP).",
            .unnoticed,
            ["timeout(keepAlive)", "closed(1006)"],
            .retry,
            .client
        ),
        Fault(
            "clk.skew",
            "The server's clock differs: a token's end comes early.",
            .unnoticed,
            ["unauthorized", "forbidden"],
            .refresh,
            .tokens
        ),
    ]

    static let credentials = [
        Fault(
            "auth.expire-live",
            "The token ends while it is used.",
            .unnoticed,
            ["unauthorized", "forbidden"],
            .refresh,
            .tokens
        ),
        Fault(
            "auth.refresh-slow",
            "The renewal takes long.",
            .unnoticed,
            ["timeout(credentials)", "forbidden"],
            .refresh,
            .tokens
        ),
        Fault(
            "auth.refresh-401",
            "The renewal is refused: signed out.",
            .unnoticed,
            ["unauthorized", "credentials"],
            .fatal,
            .tokens
        ),
        Fault(
            "auth.rotate-race",
            "Many want the renewal at once: it is made once.",
            .unnoticed,
            ["forbidden"],
            .refresh,
            .tokens
        ),
    ]

    static let app = [
        Fault("app.slow-consumer", "A consumer is slower than its source.", .unnoticed, ["overflow"], .policy, .client),
        Fault("app.cancel-storm", "All streams are left and made again.", .unnoticed, ["cancelled"], .goesOn, .client),
        Fault("app.sub-churn", "1,000 streams a second come and go.", .unnoticed, ["cancelled"], .goesOn, .client),
        Fault(
            "app.fork-fd-limit",
            "Few descriptors are allowed.",
            .within(.seconds(1)),
            ["unreachable"],
            .retry,
            .notHere(noDescriptors)
        ),
    ]

    static let system = [
        Fault(
            "sys.fd-exhaust",
            "There are no descriptors left.",
            .within(.seconds(1)),
            ["unreachable"],
            .retry,
            .notHere(noDescriptors)
        ),
        Fault(
            "sys.netns-down",
            "The network is away.",
            .keepAlive,
            ["unreachable", "timeout(keepAlive)"],
            .retry,
            .notHere(namespaces)
        ),
        Fault(
            "sys.ip-change",
            "The machine has another address.",
            .keepAlive,
            ["timeout(keepAlive)", "closed(1006)"],
            .retry,
            .notHere(namespaces)
        ),
    ]
}
