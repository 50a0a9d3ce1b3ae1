// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Masking keys: 32 bits that nobody can foresee, for each frame (RFC 6455 5.3). The system's own random bytes, many
/// keys for one system call.
struct MaskSource: Sendable {
    private var keys: [UInt32] = []
    /// How many to fetch next: few for a connection that sends now and then, and for a busy one as many as getentropy gives.
    private var batch = 8

    mutating func next() -> UInt32 {
        if let key = self.keys.popLast() { return key }
        self.keys = [UInt32](repeating: 0, count: self.batch)
        self.batch = min(self.batch * 2, 64)
        unsafe self.keys.withUnsafeMutableBytes { unsafe Self.fill($0) }
        return self.keys.removeLast()
    }

    private static func fill(_ bytes: UnsafeMutableRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        unsafe precondition(getentropy(base, bytes.count) == 0, "the system has no random bytes")
    }
}
