// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Freshet

/// What a source is told once and for all.
package struct NATSSettings: Sendable {
    /// Where JetStream's API is.
    package var api = "$JS.API"
    /// Below which subject answers come.
    package var inbox = "_INBOX"
    /// Cannot be guessed, so that nobody else listens where our answers come.
    package var nonce = "0"
    package var name: String?
    package var authentication: NATSAuthentication?
    /// The most that a listing, or the state with which a watch begins, may be, in bytes.
    package var stateLimit = 256 << 20
    /// The most that may come for a consumer while it waits for an answer of the server, in bytes. Many times what is under way without
    /// an answer of ours: the server's flow control ends at 32 MiB.
    package var heldLimit = 256 << 20

    package init() {}

    /// What CONNECT says.
    func connect(_ credentials: Credentials?) throws(SourceViolation) -> String {
        var options: [String: JSONValue] = [
            "verbose": false, "pedantic": false, "protocol": 1, "headers": true, "no_responders": true,
            "lang": "swift", "version": "freshet",
        ]
        if let name = self.name { options["name"] = .string(name) }
        for (key, value) in self.authentication?.options ?? [:] { options[key] = value }
        if case .object(let given)? = credentials?.parameters {
            for (key, value) in given { options[key == "token" ? "auth_token" : key] = value }
        }
        guard options["nkey"] == nil, options["seed"] == nil else {
            throw SourceViolation(
                code: 1008,
                reason: "",
                error: FreshetError(
                    .invalidInput,
                    "NKeys have to sign the server's nonce, which is not supported",
                    hint: "use a user and a password, a token, or a JWT for a bearer"
                )
            )
        }
        return String(decoding: [UInt8].json(.object(options)), as: UTF8.self)
    }
}
