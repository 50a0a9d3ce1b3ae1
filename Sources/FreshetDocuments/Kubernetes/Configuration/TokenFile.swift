// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Freshet
import FreshetCore
import FreshetHTTP

/// A file with a bearer token, which somebody else renews: it is read again each time.
struct TokenFile: Sendable {
    let path: String

    /// What is in it, and for how long it is good where the token says that.
    func credentials() throws(FreshetError) -> Credentials {
        guard let data = try? Data(contentsOf: URL(filePath: self.path)), data.count <= 1 << 20 else {
            throw FreshetError(
                .credentials,
                "the token cannot be read: \(self.path)",
                hint: "is the file there, and readable?"
            )
        }
        let token = String(decoding: data, as: UTF8.self).trimmingLines
        guard !token.isEmpty else { throw FreshetError(.credentials, "there is no token in \(self.path)") }
        // By this machine's clock. One that seems to be over may be good by the server's.
        let left = (try? JSONWebToken(token))?.expiresAt?.timeIntervalSinceNow
        return .kubernetes(token, lifetime: left.flatMap { $0 > 1 ? .seconds($0) : nil })
    }
}
