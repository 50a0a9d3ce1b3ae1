// SPDX-License-Identifier: Apache-2.0

import CFreshetLoop

/// The C libraries in use at run time.
package enum TransportVersions {
    package static var libwebsockets: String { unsafe String(cString: freshet_libwebsockets_version()) }
    package static var tls: String { unsafe String(cString: freshet_tls_version()) }
}
