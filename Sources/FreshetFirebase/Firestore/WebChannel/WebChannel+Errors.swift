// SPDX-License-Identifier: Apache-2.0

import FreshetCore

extension WebChannel {
    static let notOurs = FreshetError(
        .interrupted,
        "the answer is not a WebChannel's",
        hint: "check that the URL is that of a Firestore, and whether a proxy answers in its place"
    )

    static let stopped = FreshetError(.interrupted, "the server has stopped the channel")

    /// 400, with or without "Unknown SID", is what a server says to a session that it does not know.
    static func refused(_ status: Int, isHandshake: Bool) -> FreshetError {
        switch status {
        // The emulator says 404.
        case 400 where !isHandshake, 404 where !isHandshake:
            FreshetError(.interrupted, "the server does not know the channel's session any more")
        case 401: FreshetError(.unauthorized, "Firestore refuses the credentials of the watch (HTTP 401)")
        case 429:
            FreshetError(.rateLimited(retryAfter: .seconds(60)), "Firestore limits the rate of watches (HTTP 429)")
        default:
            FreshetError(
                .upgradeRefused(status: status),
                "the watch was answered with HTTP \(status)",
                hint: "check the URL, the project and the database, and whether a proxy answers in Firestore's place"
            )
        }
    }
}
