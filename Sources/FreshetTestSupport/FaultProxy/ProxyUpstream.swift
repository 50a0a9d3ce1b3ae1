// SPDX-License-Identifier: Apache-2.0

import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Where a proxy connects to.
struct ProxyUpstream: Sendable {
    private let family: Int32
    /// Of the address, as the system wants it.
    private let address: [UInt8]

    /// Finds the host; blocks while the resolver does.
    init(host: String, port: Int) throws(FreshetError) {
        var hints = addrinfo()
        #if canImport(Darwin)
        hints.ai_socktype = SOCK_STREAM
        #else
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #endif
        var found: UnsafeMutablePointer<addrinfo>?
        guard (1...65535).contains(port), getaddrinfo(host, String(port), &hints, &found) == 0, let first = found else {
            throw FreshetError(.unreachable, "the proxy's server has no address: \(host), port \(port)")
        }
        defer { freeaddrinfo(first) }
        // Test servers listen on 127.0.0.1, which is not the first address of localhost.
        var best = first.pointee
        var next: UnsafeMutablePointer<addrinfo>? = first
        while let entry = next {
            if entry.pointee.ai_family == AF_INET {
                best = entry.pointee
                break
            }
            next = entry.pointee.ai_next
        }
        self.family = best.ai_family
        self.address = Array(UnsafeRawBufferPointer(start: best.ai_addr, count: Int(best.ai_addrlen)))
    }

    /// Begins to connect; nil when that fails at once.
    func dial() -> RawConnection? {
        #if canImport(Darwin)
        let descriptor = socket(self.family, SOCK_STREAM, 0)
        #else
        let descriptor = socket(self.family, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        guard descriptor >= 0 else { return nil }
        let connection = RawConnection(descriptor: descriptor)
        connection.neverBlock()
        let result = self.address.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { connect(descriptor, $0.baseAddress, socklen_t(bytes.count)) }
        }
        guard result == 0 || errno == EINPROGRESS else {
            close(descriptor)
            return nil
        }
        return connection
    }
}
