// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments

/// The documents that a URL names, and the client that they are had by.
struct DocumentTarget: Sendable {
    /// Where they come from, as records name it: without a user's name and password.
    let source: String
    let documents: any DocumentCollection<Bytes>
    /// The one document that the URL names, where it names one.
    let key: String?
    let states: @Sendable () -> AsyncStream<ConnectionState>
    let hint: @Sendable (ConnectionHint) -> Void
    let end: @Sendable () async -> Void
    /// Puts an error into words that help more, where the command line knows some.
    var explaining: @Sendable (FreshetError) -> FreshetError = { $0 }

    var connectionStates: AsyncStream<ConnectionState> { self.states() }

    /// Closes the connection, and makes it again.
    func reconnect() {
        self.hint(.suspend)
        self.hint(.resume)
    }

    func close() async { await self.end() }
}
