// SPDX-License-Identifier: Apache-2.0

/// An HTTP response that was not what was asked for: not the 101 of an upgrade, not the 2xx of a request.
public struct HTTPRefusal: Sendable, Hashable {
    /// The status code.
    public let status: Int

    /// How long the server wants not to be asked again (`Retry-After`, RFC 9110 10.2.3), a day at most.
    public let retryAfter: Duration?

    /// What credentials the server wants (`WWW-Authenticate`, RFC 9110 11.6.1).
    public let authenticate: String?

    /// The beginning of the body: 1,024 bytes at most after an upgrade, 64 KiB after a request.
    public let body: [UInt8]

    package init(status: Int, retryAfter: Duration?, authenticate: String?, body: [UInt8]) {
        self.status = status
        self.retryAfter = retryAfter
        self.authenticate = authenticate
        self.body = body
    }
}
