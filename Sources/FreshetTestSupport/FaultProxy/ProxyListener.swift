// SPDX-License-Identifier: Apache-2.0

import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The port of a proxy on 127.0.0.1, which can stop listening, and listen again.
///
/// A second socket is bound to the port and never listens: who connects meanwhile is refused, and the system lends the port to
/// nobody.
struct ProxyListener: Sendable {
    private let holder: Int32
    let port: Int
    /// The socket that listens; nil while connections are refused.
    private(set) var descriptor: Int32?
    /// The connection that fills the backlog, so that whoever comes next hears nothing.
    private var filler: RawConnection?

    init() throws(FreshetError) {
        guard let (holder, port) = Self.bind(to: 0) else {
            throw FreshetError(.invalidInput, "there is no port for a proxy on 127.0.0.1")
        }
        (self.holder, self.port) = (holder, port)
        self.open(isFull: false)
        guard self.descriptor != nil else {
            Self.shut(holder)
            throw FreshetError(.invalidInput, "cannot listen on port \(port) of 127.0.0.1")
        }
    }

    /// Whether it listens and nobody is accepted.
    var isFull: Bool { self.filler != nil }

    /// Listens; when `isFull`, with a backlog of one that is taken: the system drops what comes then, as a firewall does.
    mutating func open(isFull: Bool) {
        if self.isFull != isFull { self.refuse() }
        guard self.descriptor == nil, let (descriptor, _) = Self.bind(to: self.port) else { return }
        guard listen(descriptor, isFull ? 0 : 1024) == 0 else { return Self.shut(descriptor) }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        self.descriptor = descriptor
        // Not waited for: a client may have come first, and then it is the client that fills the backlog.
        if isFull { self.filler = (try? ProxyUpstream(host: "127.0.0.1", port: self.port))?.dial() }
    }

    /// Refuses connections, those too that nobody has accepted yet.
    mutating func refuse() {
        self.filler.take()?.shut()
        if let descriptor = self.descriptor.take() { Self.shut(descriptor) }
    }

    /// Gives the port back.
    mutating func end() {
        self.refuse()
        Self.shut(self.holder)
    }

    /// A connection that waits; `isExhausted` when there is none to be had for want of descriptors.
    func accept() -> (connection: RawConnection?, isExhausted: Bool) {
        guard !self.isFull, let listening = self.descriptor else { return (nil, false) }
        #if canImport(Darwin)
        let descriptor = Darwin.accept(listening, nil, nil)
        #else
        let descriptor = Glibc.accept(listening, nil, nil)
        #endif
        guard descriptor >= 0 else { return (nil, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno)) }
        let connection = RawConnection(descriptor: descriptor)
        connection.neverBlock()
        return (connection, false)
    }

    private static func shut(_ descriptor: Int32) { close(descriptor) }

    private static func bind(to port: Int) -> (descriptor: Int32, port: Int)? {
        #if canImport(Darwin)
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        let option = SO_REUSEPORT
        #else
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let option = SO_REUSEADDR
        #endif
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, option, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                #if canImport(Darwin)
                let result = Darwin.bind(descriptor, address, size)
                #else
                let result = Glibc.bind(descriptor, address, size)
                #endif
                return result == 0 && getsockname(descriptor, address, &size) == 0
            }
        }
        guard bound else {
            close(descriptor)
            return nil
        }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }
}
