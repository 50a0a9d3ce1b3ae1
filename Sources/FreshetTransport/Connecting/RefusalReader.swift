// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// A refusal whose body is still coming in.
struct RefusalReader {
    let status: Int
    let retryAfter: Duration?
    let authenticate: String?
    private var body: [UInt8] = []

    init(status: Int, retryAfter: Duration?, authenticate: String?) {
        self.status = status
        self.retryAfter = retryAfter
        self.authenticate = authenticate
    }

    var isFull: Bool { self.body.count >= HTTPRefusal.bodyLimit }

    mutating func append(_ bytes: Bytes) {
        self.body += bytes[0..<min(bytes.count, HTTPRefusal.bodyLimit - self.body.count)].array
    }

    var refusal: HTTPRefusal {
        HTTPRefusal(
            status: self.status,
            retryAfter: self.retryAfter,
            authenticate: self.authenticate,
            body: self.body
        )
    }
}
