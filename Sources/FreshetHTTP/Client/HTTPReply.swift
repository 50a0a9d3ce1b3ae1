// SPDX-License-Identifier: Apache-2.0

public import HTTPTypes

/// What the server answered: the head is there, the body comes as it is read.
public struct HTTPReply: Sendable {
    /// The status and the header fields.
    public var response: HTTPResponse

    /// The body, decompressed. Dropping it unread ends the transfer.
    public var body: HTTPBody

    /// Whether the server had executed the call and redirected it to a GET, which this answers: whatever it says, the call is
    /// not to be sent again.
    package var isAfterExecution = false

    /// Whether a redirect to another origin came before it: no credential went along, so none was refused.
    package var isWithoutCredentials = false

    /// Makes a reply, as a middleware or a test's transport does.
    ///
    /// - Parameters:
    ///   - response: the status and the header fields.
    ///   - body: the body.
    public init(_ response: HTTPResponse, body: HTTPBody = HTTPBody()) {
        self.response = response
        self.body = body
    }
}
