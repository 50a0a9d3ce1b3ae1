// SPDX-License-Identifier: Apache-2.0

import CFreshetHTTP

/// What this module runs on.
package enum HTTPVersions {
    /// As in `libcurl/7.88.1`.
    package static var libcurl: String {
        // Proof: the text lives as long as the process.
        let text = unsafe String(cString: freshet_http_version())
        return text.split(separator: " ").first { $0.hasPrefix("libcurl") }.map(String.init) ?? text
    }
}
