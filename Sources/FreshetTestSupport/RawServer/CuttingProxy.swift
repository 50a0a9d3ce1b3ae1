// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A TCP proxy on 127.0.0.1 that cuts its connections by chance: anywhere, in the middle of a frame too.
///
/// Each connection is given so many bytes, drawn from the seed; with the last of them it is cut on both sides, by an RST or
/// by a FIN. A part of them are so few that the cut falls into the upgrade or the handshake. After the last cut everything
/// is let through.
package final class CuttingProxy: Sendable {
    /// What was done.
    package struct Statistics: Sendable, Hashable {
        package var connections = 0
        package var resets = 0
        package var ends = 0
        /// Cuts of less than 512 bytes, most of them before the first element.
        package var early = 0

        package var cuts: Int { self.resets + self.ends }
    }

    private struct State: Sendable {
        var random: SeededRandom
        var left: Int
        var statistics = Statistics()
    }

    /// What becomes of one connection.
    private struct Fate {
        var bytes: Int
        let isReset: Bool
    }

    private let server: RawServer
    private let state: Locked<State>

    /// - Parameters:
    ///   - port: where to connect to, on 127.0.0.1.
    ///   - cuts: how many.
    ///   - bytes: the most that a connection is let through before it is cut.
    ///   - seed: of chance.
    /// - Throws: when there is no port to listen on.
    package init(to port: Int, cuts: Int, bytes: Int, seed: UInt64) throws(FreshetError) {
        let state = Locked(State(random: SeededRandom(seed), left: cuts))
        self.state = state
        self.server = try RawServer { client in
            guard let upstream = RawConnection(to: port) else { return client.resetAtEnd() }
            var fate = state.withLock { Self.fate(&$0, bytes) }
            Self.forward(client, upstream, &fate)
            if fate?.isReset == true {
                client.resetAtEnd()
                upstream.resetAtEnd()
            } else {
                client.endWriting()
                upstream.endWriting()
            }
            if fate?.isReset == false { client.readToEnd() }
            close(upstream.descriptor)
        }
    }

    package var port: Int { self.server.port }
    package var url: String { self.server.url }
    package var statistics: Statistics { self.state.withLock { $0.statistics } }
    package func stop() { self.server.stop() }

    private static func fate(_ state: inout State, _ bytes: Int) -> Fate? {
        state.statistics.connections += 1
        guard state.left > 0 else { return nil }
        state.left -= 1
        let isEarly = Int.random(in: 0..<5, using: &state.random) == 0
        let fate = Fate(
            bytes: Int.random(in: isEarly ? 0..<512 : 512..<max(bytes, 513), using: &state.random),
            isReset: Bool.random(using: &state.random)
        )
        if isEarly { state.statistics.early += 1 }
        if fate.isReset { state.statistics.resets += 1 } else { state.statistics.ends += 1 }
        return fate
    }

    /// Until the bytes are used up, or one side has gone.
    private static func forward(_ client: RawConnection, _ upstream: RawConnection, _ fate: inout Fate?) {
        client.sendAtOnce()
        upstream.sendAtOnce()
        while true {
            var events = [client, upstream].map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
            guard poll(&events, 2, -1) > 0 || errno == EINTR else { return }
            for (from, to, event) in [(client, upstream, events[0]), (upstream, client, events[1])]
            where event.revents != 0 {
                guard let bytes = from.read() else { return }
                let part = min(bytes.count, fate?.bytes ?? bytes.count)
                guard to.write(Array(bytes.prefix(part))) else { return }
                fate?.bytes -= part
                if fate?.bytes == 0 { return }
            }
        }
    }
}
