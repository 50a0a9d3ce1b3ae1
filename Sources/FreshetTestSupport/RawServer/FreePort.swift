// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Ports of 127.0.0.1 for servers that cannot choose one by themselves: none that the system gives to outgoing connections, for
/// one of those might have it before the server does.
package enum FreePort {
    private static let last = Locked(10_000 + Int(getpid()) * 61 % 20_000)

    /// - Throws: `.unreachable` when there is none.
    package static func next() throws(FreshetError) -> Int {
        for _ in 0..<1000 {
            let port = self.last.withLock { port in
                port = port == 30_000 ? 10_000 : port + 1
                return port
            }
            if self.isFree(port) { return port }
        }
        throw FreshetError(.unreachable, "no free port between 10000 and 30000")
    }

    private static func isFree(_ port: Int) -> Bool {
        #if canImport(Darwin)
        let kind = SOCK_STREAM
        #else
        let kind = Int32(SOCK_STREAM.rawValue)
        #endif
        let descriptor = socket(AF_INET, kind, 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
