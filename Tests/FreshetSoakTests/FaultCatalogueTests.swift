// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetSoak
import Testing

struct FaultCatalogueTests {
    /// The ids, as the specification lists them.
    static let specified = """
        tcp.rst tcp.fin tcp.fin-noclose tcp.blackhole tcp.half-open tcp.refused tcp.syn-drop
        net.latency net.bandwidth net.slowdrip net.slice net.flap
        ws.partial-frame ws.bad-utf8 ws.oversize ws.unmasked/rsv ws.fragment-interleave ws.ping-flood ws.no-pong
        ws.close(1000) ws.close(1001) ws.close(1006) ws.close(1008) ws.close(1011) ws.close(1012) ws.close(1013)
        ws.close(1014) ws.close(4400) ws.close(4401) ws.close(4403) ws.close(4406) ws.close(4408) ws.close(4409)
        ws.close(4429) ws.close(4499) ws.close(4500) ws.close-unanswered
        http.429 http.503 http.401 http.403 http.301 http.302 http.307 http.200-html http.426 bad-accept no-subprotocol
        tls.expired tls.wrong-host tls.unknown-ca tls.client-cert-required tls.handshake-stall tls.mid-stream-alert
        tls.truncation dns.nxdomain dns.servfail dns.stall dns.change
        srv.restart srv.rolling srv.overload srv.dup srv.reorder srv.skip srv.old srv.silent
        doc.410 doc.compacted kv.seq-gap fs.token-expired fs.filter-mismatch gql.no-cursor doc.snapshot-fails
        proxy.idle-timeout proxy.buffering proxy.407 clk.jump± clk.suspend clk.skew
        auth.expire-live auth.refresh-slow auth.refresh-401 auth.rotate-race
        app.slow-consumer app.cancel-storm app.sub-churn app.fork-fd-limit sys.fd-exhaust sys.netns-down sys.ip-change
        """
        .split { $0.isWhitespace }.map(String.init)

    @Test("Every fault of the specification is in the catalogue, and no other, once")
    func complete() {
        let ids = FaultCatalogue.all.map(\.id)
        #expect(Set(Self.specified).symmetricDifference(ids) == [])
        #expect(ids.count == Self.specified.count)
    }

    @Test("What cannot be injected says why; everything says what it does")
    func described() {
        for fault in FaultCatalogue.all {
            #expect(fault.does.hasSuffix("."), "\(fault.id)")
            if let reason = fault.whyNot { #expect(reason.count > 10, "\(fault.id)") }
        }
        let not = FaultCatalogue.all.filter { $0.whyNot != nil }.map(\.id)
        #expect(FaultCatalogue.injectable.count + not.count == FaultCatalogue.all.count)
        #expect(not.count == 6, "\(not)")
    }

    @Test("What a client notices has a limit, and what is silent has none")
    func detection() throws {
        func limit(_ id: String) throws -> Duration? { try #require(FaultCatalogue.fault(id)).detectionLimit() }
        #expect(try limit("tcp.rst") == .milliseconds(100))
        #expect(try limit("tcp.blackhole(up)") == .milliseconds(30_500))
        #expect(try limit("tls.handshake-stall") == .milliseconds(10_500))
        #expect(try limit("net.latency(200ms)") == nil)
    }

    @Test("An id with details is found, and one that there is not is none")
    func ids() {
        #expect(FaultCatalogue.fault("net.latency(200ms)")?.id == "net.latency")
        #expect(FaultCatalogue.fault("ws.close(1012)")?.outcome == .retry)
        #expect(FaultCatalogue.fault("ws.close(4409)")?.outcome == .fatal)
        #expect(FaultCatalogue.fault("ws.close") == nil)
        #expect(FaultCatalogue.fault("(") == nil)
        #expect(FaultCatalogue.endsStreams("tls.expired") && !FaultCatalogue.endsStreams("tcp.rst"))
    }

    @Test("What the catalogue expects of a close code is what the policy does")
    func closeCodes() throws {
        for fault in FaultCatalogue.all where fault.id.hasPrefix("ws.close(") {
            let code = try #require(UInt16(fault.id.dropFirst(9).dropLast()))
            let expected: Fault.Outcome =
                switch ClosePolicy().decision(on: .closeFrame(code: code, reason: "")) {
                case .retry: .retry
                case .retryAfter: .retryAfter
                case .refreshCredentials: .refresh
                case .fatal: .fatal
                }
            #expect(fault.outcome == expected, "\(fault.id)")
        }
    }
}
