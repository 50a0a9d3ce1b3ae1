// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport
import HTTPTypes

extension Endpoint {
    /// Where an HTTP server is.
    init(http url: String) throws(FreshetError) {
        guard ["http://", "https://"].contains(where: { url.lowercased().hasPrefix($0) }) else {
            throw FreshetError(
                .invalidInput,
                "this is not the URL of an HTTP server",
                hint: "it begins with https://, as https://api.example.com/login"
            )
        }
        do {
            try self.init(url)
        } catch {
            throw FreshetError(error.kind, error.message, hint: "it looks like https://api.example.com/login")
        }
    }

    /// A POST to it.
    var post: HTTPRequest {
        HTTPRequest(
            method: .post,
            scheme: self.secure ? "https" : "http",
            authority: self.authority,
            path: self.target
        )
    }
}
