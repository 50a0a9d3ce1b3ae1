// SPDX-License-Identifier: Apache-2.0

import Dispatch
import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Names to numeric addresses, off the loop: libwebsockets would look them up on its thread and block every socket.
enum NameResolver {
    enum Answer: Sendable {
        case addresses([String])
        case failure(FreshetError)
    }

    /// What finds the addresses of a name: `resolve`, or in tests a table.
    typealias Resolve = (_ host: String, _ loop: EventLoop, _ completion: @escaping @Sendable (Answer) -> Void) -> Void

    /// Dispatch bounds the number of threads; a lookup that nobody waits for any more keeps its thread until it ends.
    private static let queue = DispatchQueue(label: "freshet.resolver", attributes: .concurrent)

    /// Calls `completion` on `loop`, later, with every address in the system's order of preference (RFC 6724).
    static func resolve(_ host: String, _ loop: EventLoop, _ completion: @escaping @Sendable (Answer) -> Void) {
        // No thread for what needs none: thousands of connections to one address would have hundreds of them.
        guard IPAddress(host) == nil else { return loop.execute { completion(.addresses([host])) } }
        self.queue.async {
            let answer = Self.lookUp(host)
            loop.execute { completion(answer) }
        }
    }

    static func lookUp(_ host: String) -> Answer {
        var hints = unsafe addrinfo()
        #if canImport(Darwin)
        unsafe hints.ai_socktype = SOCK_STREAM
        #else
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        let result = unsafe getaddrinfo(host, nil, &hints, &list)
        guard result == 0 else {
            let why = unsafe String(cString: gai_strerror(result))
            return .failure(
                FreshetError(
                    .unreachable,
                    "the host \(host) cannot be found: \(why)",
                    hint: "check the spelling and the machine's DNS"
                )
            )
        }
        defer { if let list = unsafe list { unsafe freeaddrinfo(list) } }
        var addresses: [String] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe Self.numeric(entry.pointee), !addresses.contains(address) {
                addresses.append(address)
            }
            unsafe next = entry.pointee.ai_next
        }
        return .addresses(addresses)
    }

    private static func numeric(_ entry: addrinfo) -> String? {
        var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let result = unsafe getnameinfo(
            entry.ai_addr,
            entry.ai_addrlen,
            &name,
            socklen_t(name.count),
            nil,
            0,
            NI_NUMERICHOST
        )
        guard result == 0 else { return nil }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
