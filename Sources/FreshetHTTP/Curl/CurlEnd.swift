// SPDX-License-Identifier: Apache-2.0

import CFreshetHTTP

/// Why a transfer is over, as C tells it.
struct CurlEnd: Sendable {
    let end: freshet_http_end
    let phase: freshet_http_phase
    let osError: Int
    let verifyResult: Int
    let proxyStatus: Int
    let hasSent: Bool
    let detail: String

    init(_ result: freshet_http_result) {
        // Proof: the words are valid during the call that brings the result.
        unsafe self.end = result.end
        unsafe self.phase = result.phase
        unsafe self.osError = result.os_error
        unsafe self.verifyResult = result.verify_result
        unsafe self.proxyStatus = result.proxy_status
        unsafe self.hasSent = result.sent
        unsafe self.detail = String(cString: result.detail)
    }
}
