// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

extension WebSocketTarget {
    /// The same with what the provider of credentials said.
    func with(_ credentials: Credentials?) throws(FreshetError) -> WebSocketTarget {
        guard let credentials else { return self }
        var target = self
        if let url = credentials.url { target.endpoint = try Endpoint(url) }
        let names = Set(credentials.headers.map { $0.name.lowercased() })
        target.configuration.headers.removeAll { names.contains($0.name.lowercased()) }
        target.configuration.headers += credentials.headers
        // The handshake's parameters would go to whoever the redirect names.
        if credentials.parameters != nil { target.configuration.redirects.acrossOrigins = false }
        return target
    }
}
