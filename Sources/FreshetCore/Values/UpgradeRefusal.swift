// SPDX-License-Identifier: Apache-2.0

/// An HTTP response that was not the 101 that was asked for.
public struct UpgradeRefusal: Sendable, Hashable {
    /// The status code.
    public let status: Int

    /// How long the server wants not to be asked again (`Retry-After`, RFC 9110 10.2.3), a day at most.
    public let retryAfter: Duration?

    /// What credentials the server wants (`WWW-Authenticate`, RFC 9110 11.6.1).
    public let authenticate: String?

    /// The first 1,024 bytes of the body at most.
    public let body: [UInt8]

    package init(status: Int, retryAfter: Duration?, authenticate: String?, body: [UInt8]) {
        self.status = status
        self.retryAfter = retryAfter
        self.authenticate = authenticate
        self.body = body
    }
}
