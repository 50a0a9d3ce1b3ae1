// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A connection to write to, by a descriptor of its own: whoever writes while it ends does not write to what has its number then.
final class RealtimeServerPeer: Sendable {
    private let connection: RawConnection

    init(_ connection: RawConnection) {
        self.connection = RawConnection(descriptor: fcntl(connection.descriptor, F_DUPFD_CLOEXEC, 0))
    }

    deinit { close(self.connection.descriptor) }

    func write(_ bytes: [UInt8]) { self.connection.write(bytes) }

    func cut() { shutdown(self.connection.descriptor, Int32(SHUT_RDWR)) }
}
