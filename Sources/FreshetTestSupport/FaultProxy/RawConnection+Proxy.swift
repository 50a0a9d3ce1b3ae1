// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// What a proxy wants of a socket: never to wait for it.
extension RawConnection {
    enum Read {
        case bytes([UInt8])
        case nothingYet, end, failed
    }

    func neverBlock() {
        _ = fcntl(self.descriptor, F_SETFL, O_NONBLOCK)
        self.sendAtOnce()
        #if canImport(Darwin)
        var on: Int32 = 1
        setsockopt(self.descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
        #endif
    }

    func readSome(into buffer: inout [UInt8]) -> Read {
        let count = buffer.withUnsafeMutableBytes { recv(self.descriptor, $0.baseAddress, $0.count, 0) }
        if count > 0 { return .bytes(Array(buffer.prefix(count))) }
        if count == 0 { return .end }
        return errno == EAGAIN || errno == EINTR ? .nothingYet : .failed
    }

    /// What became of `connect`: 0, or an error's number.
    var pendingError: Int32 {
        var error: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(self.descriptor, SOL_SOCKET, SO_ERROR, &error, &size)
        return error
    }

    func shut(reset: Bool = false) {
        if reset { self.resetAtEnd() }
        close(self.descriptor)
    }
}
