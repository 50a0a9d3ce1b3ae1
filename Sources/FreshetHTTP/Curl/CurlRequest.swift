// SPDX-License-Identifier: Apache-2.0

/// What C has to be told of one request, in texts: where in them each is, and where the header lines begin.
struct CurlRequest: Sendable {
    let texts: CTexts
    let url: Int
    let method: Int
    let socketPath: Int?
    let connectTo: Int?
    let proxy: Int?
    let credentials: Int?
    let pins: Int?
    let headers: Int
}
