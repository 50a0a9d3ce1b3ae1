// SPDX-License-Identifier: Apache-2.0

import CFreshetLoop
import FoundationEssentials

/// SHA-1, by the library that TLS uses: for protocols that compare by it, never for what must be safe.
package enum SHA1 {
    /// The digest of some bytes, in base 64.
    package static func base64(of bytes: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: 20)
        unsafe freshet_sha1(bytes, bytes.count, &digest)
        return Data(digest).base64EncodedString()
    }
}
