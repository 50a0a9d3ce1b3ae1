// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A numeric address: 4 or 16 bytes.
struct IPAddress: Equatable {
    let bytes: [UInt8]

    var isIPv6: Bool { self.bytes.count == 16 }

    init?(_ text: String) {
        var v6 = [UInt8](repeating: 0, count: 16)
        var v4 = [UInt8](repeating: 0, count: 4)
        // A zone, as in fe80::1%eth0, says where an address is valid, not what it is.
        let text = String(text.prefix { $0 != "%" })
        if unsafe inet_pton(AF_INET, text, &v4) == 1 {
            self.bytes = v4
        } else if unsafe inet_pton(AF_INET6, text, &v6) == 1 {
            self.bytes = v6
        } else {
            return nil
        }
    }

    /// An address, or a network in CIDR notation (RFC 4632 3.1).
    static func network(_ text: String) -> (address: IPAddress, bits: Int)? {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { return nil }
        guard parts.count == 2 else { return (address, address.bytes.count * 8) }
        guard let bits = Int(parts[1]), (0...address.bytes.count * 8).contains(bits) else { return nil }
        return (address, bits)
    }

    func isIn(_ network: IPAddress, bits: Int) -> Bool {
        guard self.bytes.count == network.bytes.count else { return false }
        return (0..<bits).allSatisfy { bit in
            (self.bytes[bit / 8] ^ network.bytes[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
        }
    }
}
