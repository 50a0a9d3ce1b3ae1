// SPDX-License-Identifier: Apache-2.0

import CFreshetLoop
import FreshetCore

/// What sockets must have in common to share one of C's hosts.
struct HostKey: Hashable {
    /// Nil: plain.
    var tls: TLSConfiguration?
    /// With a numeric address.
    var proxy: Proxy?
}

extension EventLoop {
    /// C's settings for a kind of connection: made once for each loop, shared by its sockets. On the loop's thread only.
    func host(for key: HostKey) throws(FreshetError) -> OpaquePointer {
        if let host = unsafe self.hosts[key] { return unsafe host }
        guard let loop = unsafe self.handle else {
            throw FreshetError(.clientClosed, "the client's event loop has been shut down")
        }
        var tls: OpaquePointer?
        if let configuration = key.tls { unsafe tls = try self.tls(for: configuration) }
        let proxy = key.proxy.map { proxy in
            let address = proxy.host.contains(":") ? "[\(proxy.host)]" : proxy.host
            return (proxy.credentials.map { "\($0)@" } ?? "") + address
        }
        guard let host = unsafe freshet_host_create(loop, tls, proxy, Int32(key.proxy?.port ?? 0)) else {
            throw FreshetError(
                .invalidInput,
                "this way of connecting cannot be set up",
                hint: "a proxy's user and password may have 94 bytes together"
            )
        }
        unsafe self.hosts[key] = host
        return unsafe host
    }

    private func tls(for configuration: TLSConfiguration) throws(FreshetError) -> OpaquePointer {
        var configuration = configuration
        configuration.serverName = nil  // goes with each socket
        if let tls = unsafe self.tls[configuration] { return unsafe tls }
        let material = try TLSMaterial(configuration)
        guard let loop = unsafe self.handle else {
            throw FreshetError(.clientClosed, "the client's event loop has been shut down")
        }
        var reason = [CChar](repeating: 0, count: 256)
        let tls = unsafe material.withOptions(of: configuration) { options in
            unsafe freshet_tls_create(loop, options, &reason, reason.count)
        }
        guard let tls = unsafe tls else {
            let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw FreshetError(
                .invalidInput,
                "TLS cannot be set up: \(text)",
                hint: "certificates and keys must be PEM, and the key must not be encrypted"
            )
        }
        unsafe self.tls[configuration] = tls
        return unsafe tls
    }
}

extension TLSMaterial {
    /// C's view of the material, valid during the call.
    fileprivate func withOptions(
        of configuration: TLSConfiguration,
        _ body: (freshet_tls_options) -> OpaquePointer?
    ) -> OpaquePointer? {
        func withText(_ text: [UInt8]?, _ body: (UnsafePointer<CChar>?, Int) -> OpaquePointer?) -> OpaquePointer? {
            guard let text else { return unsafe body(nil, 0) }
            return unsafe text.map { CChar(bitPattern: $0) }.withUnsafeBufferPointer {
                unsafe body($0.baseAddress, $0.count)
            }
        }
        return unsafe withText(self.authorities) { authorities, authoritiesSize in
            unsafe withText(self.certificate) { certificate, certificateSize in
                unsafe withText(self.key) { key, keySize in
                    unsafe self.pins.withUnsafeBufferPointer { pins in
                        unsafe body(
                            freshet_tls_options(
                                authorities: authorities,
                                authorities_size: authoritiesSize,
                                certificate: certificate,
                                certificate_size: certificateSize,
                                key: key,
                                key_size: keySize,
                                pins: pins.baseAddress,
                                pin_count: self.pins.count / 32,
                                minimum_version: Int32(configuration.minimumVersion.rawValue),
                                insecure: configuration.acceptsAnyCertificate
                            )
                        )
                    }
                }
            }
        }
    }
}
