// SPDX-License-Identifier: Apache-2.0

import FreshetCore

extension WebSocketTarget {
    /// Subprotocols that are names and nothing else. Any other may hold a token, as some do at Kubernetes.
    private static let plainSubprotocols: Set<String> = ["graphql-transport-ws", "graphql-ws"]

    /// Checks that a redirect may be followed.
    ///
    /// - Parameters:
    ///   - here: who redirects.
    ///   - next: where to.
    ///   - redirects: how many have been followed.
    /// - Throws: why it may not.
    func checkRedirect(from here: Endpoint, to next: Endpoint, after redirects: Int) throws(FreshetError) {
        let policy = self.configuration.redirects
        guard redirects < policy.limit else {
            throw FreshetError(
                .protocolViolation,
                "\(self.endpoint) leads through more than \(policy.limit) redirects",
                hint: "use the URL that they lead to"
            )
        }
        guard next.secure || !here.secure else {
            throw FreshetError(
                .protocolViolation,
                "\(here) redirects to \(next), which is not secure",
                hint: "use that URL if that is what is wanted"
            )
        }
        guard !next.hasSameOrigin(as: here) else { return }
        guard policy.acrossOrigins else {
            throw FreshetError(
                .protocolViolation,
                "\(here) redirects to another origin, \(next), which credentials must not be sent to",
                hint: "use that URL"
            )
        }
        guard Self.plainSubprotocols.isSuperset(of: self.subprotocols) else {
            throw FreshetError(
                .protocolViolation,
                "\(here) redirects to another origin, \(next), and one of the subprotocols may be a credential",
                hint: "use that URL if they may be sent there"
            )
        }
    }
}
