// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport

extension FaultInjector {
    /// `tcp.*`, `net.*` and what proxies on the way do.
    func network(_ id: String, _ server: any SoakedServer, _ random: inout SeededRandom) -> FaultDeed? {
        let proxy = server.proxy
        let keepAlive = self.timing.keepAlive + .seconds(1)
        switch id {
        case "tcp.rst": return self.cut(.reset, server, &random)
        case "tcp.fin-noclose": return self.cut(.endInFrame, server, &random)
        case "tcp.fin":
            guard !server.isOpaque else { return nil }
            let victims = self.victims(server, &random)
            return FaultDeed { () async throws(FreshetError) in
                for connection in victims() {
                    if server.isWebSocket {
                        proxy.close(code: 1001, connection: connection)
                    } else {
                        proxy.cut(.end, connection: connection)
                    }
                }
            }
        case "tcp.half-open":
            var deed = self.cut(.halfOpen, server, &random)
            deed.hold = keepAlive
            return deed
        case "tcp.blackhole", "tcp.blackhole(both)", "tcp.blackhole(up)", "tcp.blackhole(down)":
            let ways: [NetworkConditions.Blackhole] = [.both, .up, .down]
            let way = ways.first { id.hasSuffix("(\($0.rawValue))") } ?? ways.randomElement(using: &random) ?? .both
            return FaultDeed(hold: keepAlive) { () async throws(FreshetError) in
                server.sockets.setBlind(true)
                proxy.conditions.blackhole = way
            } end: { () async throws(FreshetError) in
                proxy.conditions.blackhole = nil
                server.sockets.setBlind(false)
            }
        case "tcp.refused":
            let victims = self.victims(server, &random)
            return FaultDeed(hold: (.seconds(1) ... .seconds(3)).pick(&random)) { () async throws(FreshetError) in
                proxy.conditions.refusesConnections = true
                for connection in victims() { proxy.cut(.reset, connection: connection) }
            } end: { () async throws(FreshetError) in
                proxy.conditions.refusesConnections = false
            }
        case "tcp.syn-drop":
            let victims = self.victims(server, &random)
            return FaultDeed(hold: self.timing.deadline + .seconds(1)) { () async throws(FreshetError) in
                proxy.conditions.ignoresConnections = true
                for connection in victims() { proxy.cut(.reset, connection: connection) }
            } end: { () async throws(FreshetError) in
                proxy.conditions.ignoresConnections = false
            }
        case "tls.handshake-stall":
            guard server is TLSRoad else { return nil }
            let victims = self.victims(server, &random)
            return FaultDeed(hold: self.timing.deadline + .seconds(1)) { () async throws(FreshetError) in
                proxy.conditions.tls.stallsHandshake = true
                for connection in victims() { proxy.cut(.reset, connection: connection) }
            } end: { () async throws(FreshetError) in
                proxy.conditions.tls.stallsHandshake = false
            }
        case "tls.mid-stream-alert": return server is TLSRoad ? self.cut(.alert, server, &random) : nil
        case "tls.truncation": return server is TLSRoad ? self.cut(.truncate, server, &random) : nil
        case "net.latency":
            // Less than the clients take for silence, both ways together.
            let most = min(self.timing.pong / 4, .seconds(5))
            let latency = (.milliseconds(50)...most).pick(&random)
            return proxy.deed(hold: .seconds(4)) { conditions in
                conditions.latency = latency
                conditions.jitter = latency / 2
            }
        case "net.bandwidth":
            let bytes = Int.random(in: 1000...16_000, using: &random)
            return proxy.deed(hold: .seconds(4)) { $0.bytesPerSecond = bytes }
        case "net.slowdrip":
            return proxy.deed(hold: .seconds(4)) { conditions in
                conditions.segments = 1...1
                conditions.pause = .seconds(1)
            }
        case "net.slice": return proxy.deed(hold: .seconds(3)) { $0.segments = 1...7 }
        case "net.flap":
            let long = self.duration >= .seconds(1800)
            return proxy.deed(hold: .seconds(long ? 60 : 9)) { conditions in
                conditions.flap = NetworkConditions.Flap(up: .seconds(2), down: .seconds(1))
            }
        case "proxy.buffering":
            // Frames are what a proxy knows to keep back.
            guard server.isWebSocket else { return nil }
            let bytes = Int.random(in: 200...2000, using: &random)
            return proxy.deed(hold: .seconds(3)) { $0.buffering = bytes }
        case "proxy.idle-timeout":
            // Longer than it takes the clients to ask whether the server is there.
            return proxy.deed(hold: self.timing.keepAlive * 2) { $0.idleTimeout = self.timing.keepAlive }
        default: return nil
        }
    }

    private func cut(_ cut: FaultCut, _ server: any SoakedServer, _ random: inout SeededRandom) -> FaultDeed {
        let victims = self.victims(server, &random)
        return FaultDeed { () async throws(FreshetError) in
            for connection in victims() { server.proxy.cut(cut, connection: connection) }
        }
    }
}
