// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
import FreshetTransport

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A TCP server on 127.0.0.1 that does, byte by byte, what a test says: for what no real server would do.
///
/// Each connection runs the script on a thread of its own, with blocking calls that end when the server is stopped.
package final class RawServer: Sendable {
    private struct State: Sendable {
        /// Those that are open: what is closed is taken out before, for its number is another socket's at once.
        var connections: [Int32] = []
        var isListening = true
        var stopped = false
    }

    package let port: Int
    private let listener: Int32
    private let state = Locked(State())

    /// - Parameters:
    ///   - script: what each connection does.
    ///   - ended: called when one has been closed.
    /// - Throws: `.invalidInput` when there is no port.
    package init(
        _ script: @escaping @Sendable (RawConnection) -> Void,
        ended: @escaping @Sendable () -> Void = {}
    ) throws(FreshetError) {
        #if canImport(Darwin)
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, address, &size) == 0
            }
        }
        guard bound else { throw FreshetError(.invalidInput, "cannot listen on 127.0.0.1") }
        self.port = Int(UInt16(bigEndian: address.sin_port))
        self.listener = descriptor
        Thread.start { [self] in self.accept(script, ended) }
    }

    package var url: String { "ws://127.0.0.1:\(self.port)/graphql" }

    /// Ends every connection and the server. Does nothing when it is called again.
    package func stop() {
        self.state.withLock { state in
            state.stopped = true
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
            if state.isListening { shutdown(self.listener, Int32(SHUT_RDWR)) }
        }
    }

    private func accept(
        _ script: @escaping @Sendable (RawConnection) -> Void,
        _ ended: @escaping @Sendable () -> Void
    ) {
        while true {
            #if canImport(Darwin)
            let descriptor = Darwin.accept(self.listener, nil, nil)
            #else
            let descriptor = Glibc.accept(self.listener, nil, nil)
            #endif
            // Not for programs that another test starts meanwhile.
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let stopped = self.state.withLock { state in
                if descriptor >= 0, !state.stopped { state.connections.append(descriptor) }
                return state.stopped
            }
            guard descriptor >= 0, !stopped else {
                if descriptor >= 0 { close(descriptor) }
                break
            }
            Thread.start { [self] in
                script(RawConnection(descriptor: descriptor))
                self.state.withLock { $0.connections.removeAll { $0 == descriptor } }
                close(descriptor)
                ended()
            }
        }
        self.state.withLock { $0.isListening = false }
        close(self.listener)
    }
}
