// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// What carries a call to a server: libcurl, or a test's script.
public protocol HTTPTransport: Sendable {
    /// Sends a call. Statuses are not errors here, and redirects are not followed.
    ///
    /// - Parameter call: what to send.
    /// - Returns: the reply, as soon as its head is there.
    /// - Throws: why there is none; `.outcomeUnknown` for a call that is not idempotent and may have been executed. Cancelling the task throws `.cancelled` and ends the transfer.
    func send(_ call: HTTPCall) async throws(FreshetError) -> HTTPReply
}
