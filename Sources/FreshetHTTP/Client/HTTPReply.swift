// SPDX-License-Identifier: Apache-2.0

public import HTTPTypes

/// What the server answered: the head is there, the body comes as it is read.
public struct HTTPReply: Sendable {
    /// The status and the header fields.
    public var response: HTTPResponse

    /// The body, decompressed. Dropping it unread ends the transfer.
    public var body: HTTPBody

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
