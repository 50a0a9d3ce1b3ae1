// SPDX-License-Identifier: Apache-2.0

import CFreshetLoop
import FreshetCore

extension EventLoop {
    /// C's settings for a configuration: made once for each loop, shared by its sockets. On the loop's thread only.
    func tlsHandle(for configuration: TLSConfiguration) throws(FreshetError) -> OpaquePointer {
        if let handle = unsafe self.tls[configuration] { return unsafe handle }
        var reason = [CChar](repeating: 0, count: 256)
        guard let loop = unsafe self.handle,
            let handle = unsafe freshet_tls_create(
                loop,
                configuration.certificateAuthorityFile,
                configuration.acceptsAnyCertificate,
                &reason,
                reason.count
            )
        else {
            let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw FreshetError(
                .invalidInput,
                "the certificate authorities cannot be read: \(text)",
                hint: "they must be a PEM file"
            )
        }
        unsafe self.tls[configuration] = handle
        return unsafe handle
    }
}
