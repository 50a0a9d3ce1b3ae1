// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

/// A `TLSConfiguration` as libcurl wants it: PEM texts that stay where they are, pins in its own form.
// Proof for @unchecked: nothing changes after the beginning; the memory is freed at the end.
@safe
final class CurlTLS: @unchecked Sendable {
    let configuration: TLSConfiguration
    let authorities: UnsafeBufferPointer<CChar>?
    let certificate: UnsafeBufferPointer<CChar>?
    let key: UnsafeBufferPointer<CChar>?
    /// `sha256//…;sha256//…`
    let pins: String?

    init(_ configuration: TLSConfiguration) throws(FreshetError) {
        let material = try TLSMaterial(configuration)
        self.configuration = configuration
        unsafe self.authorities = material.authorities.map { unsafe Self.copy($0) }
        unsafe self.certificate = material.certificate.map { unsafe Self.copy($0) }
        unsafe self.key = material.key.map { unsafe Self.copy($0) }
        let pins = configuration.pinnedPublicKeys.sorted().map { "sha256//\($0)" }
        self.pins = pins.isEmpty ? nil : pins.joined(separator: ";")
    }

    deinit {
        unsafe self.authorities?.deallocate()
        unsafe self.certificate?.deallocate()
        unsafe self.key?.deallocate()
    }

    private static func copy(_ text: [UInt8]) -> UnsafeBufferPointer<CChar> {
        let memory = UnsafeMutableBufferPointer<CChar>.allocate(capacity: text.count)
        _ = unsafe memory.initialize(from: text.lazy.map { CChar(bitPattern: $0) })
        return UnsafeBufferPointer(memory)
    }
}
