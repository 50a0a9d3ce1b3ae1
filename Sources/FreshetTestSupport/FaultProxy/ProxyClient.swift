// SPDX-License-Identifier: Apache-2.0

/// A client's socket, and TLS on it where the proxy ends that. Lives on the proxy's thread.
final class ProxyClient {
    /// What is said before a FIN, where there is TLS.
    enum Farewell {
        /// That this is the end (close_notify).
        case notice
        /// That something is broken.
        case alert
        case nothing
    }

    private let socket: RawConnection
    private let tls: TLSSession?
    /// Of TLS, what the socket has not taken yet.
    private var output: [UInt8] = []
    private var endsAfterOutput = false

    init(_ socket: RawConnection, _ tls: TLSSession?) {
        self.socket = socket
        self.tls = tls
    }

    var descriptor: Int32 { self.socket.descriptor }
    var isSecuring: Bool { self.tls?.state == .handshake }
    /// Why there is no TLS with this client any more.
    var failure: String? { self.tls.flatMap { $0.state == .failed ? $0.failure : nil } }
    /// Whether it has said, within TLS, that no more will come.
    var hasEnded: Bool { self.tls?.state == .ended }
    var hasOutput: Bool { !self.output.isEmpty }

    func readSome(into buffer: inout [UInt8]) -> RawConnection.Read {
        let read = self.socket.readSome(into: &buffer)
        guard let tls = self.tls, case .bytes(let bytes) = read else { return read }
        let said = tls.read(bytes)
        self.output += tls.takeOutput()
        return said.isEmpty ? .nothingYet : .bytes(said)
    }

    /// The same where nobody wants to know what it says.
    func forgetSome(into buffer: inout [UInt8]) -> RawConnection.Read { self.socket.readSome(into: &buffer) }

    /// Writes what the socket takes now: how many bytes, or nil when the client has gone.
    func writeSome(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard let tls = self.tls else { return self.socket.writeSome(bytes) }
        guard self.flush() else { return nil }
        guard self.output.isEmpty else { return 0 }
        guard tls.write(bytes) else { return nil }
        self.output += tls.takeOutput()
        return self.flush() ? bytes.count : nil
    }

    /// Writes what TLS has to say; false when the client has gone.
    func flush() -> Bool {
        while !self.output.isEmpty {
            guard let count = self.socket.writeSome(self.output[...]) else { return false }
            if count == 0 { return true }
            self.output.removeFirst(count)
        }
        if self.endsAfterOutput {
            self.endsAfterOutput = false
            self.socket.endWriting()
        }
        return true
    }

    /// Ends our half, after all that was written.
    func endWriting(_ farewell: Farewell = .notice) {
        if let tls = self.tls {
            switch farewell {
            case .notice: tls.end()
            case .alert: tls.alert()
            case .nothing: break
            }
            self.output += tls.takeOutput()
        }
        self.endsAfterOutput = true
        // When the client has gone, the next read says so.
        _ = self.flush()
    }

    func shut(reset: Bool) {
        if !reset { _ = self.flush() }
        self.socket.shut(reset: reset)
    }
}
