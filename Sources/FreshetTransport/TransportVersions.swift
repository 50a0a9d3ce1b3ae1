// SPDX-License-Identifier: Apache-2.0

import CFreshetLoop

/// The C libraries in use at run time.
package enum TransportVersions {
    package static var libwebsockets: String {
        // Distributions leave the place of the commit empty: "4.1.6-".
        let version = unsafe String(cString: freshet_libwebsockets_version())
        return version.hasSuffix("-") ? String(version.dropLast()) : version
    }

    package static var tls: String { unsafe String(cString: freshet_tls_version()) }
}
