// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A TCP port whose SYNs are dropped, as a firewall drops them: its backlog of one is full, and nobody accepts.
package final class FullListener: Sendable {
    package let port: Int
    private let listener: Int32
    private let filler: Int32

    /// Listens on `127.0.0.<host>`, on a free port unless one is given.
    package init(host: UInt8 = 1, port: Int = 0) throws(FreshetError) {
        #if canImport(Darwin)
        let kind = SOCK_STREAM
        #else
        let kind = Int32(SOCK_STREAM.rawValue)
        #endif
        let (listener, filler) = (socket(AF_INET, kind, 0), socket(AF_INET, kind, 0))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = (UInt32(0x7F00_0000) | UInt32(host)).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let full = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, size) == 0 && listen(listener, 0) == 0
                    && getsockname(listener, address, &size) == 0 && connect(filler, address, size) == 0
            }
        }
        self.port = Int(UInt16(bigEndian: address.sin_port))
        (self.listener, self.filler) = (listener, filler)
        guard full else { throw FreshetError(.invalidInput, "cannot listen on 127.0.0.\(host):\(port)") }
    }

    deinit {
        close(self.filler)
        close(self.listener)
    }
}
