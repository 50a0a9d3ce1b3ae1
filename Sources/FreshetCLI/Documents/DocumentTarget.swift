// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments

/// The documents that a URL names, and the client that they are had by.
struct DocumentTarget: Sendable {
    /// Where they come from, as records name it: without a user's name and password.
    let source: String
    let documents: any DocumentStore<Bytes>
    /// The one document that the URL names, where it names one.
    let key: String?
    let states: @Sendable () -> AsyncStream<ConnectionState>
    let end: @Sendable () async -> Void

    var connectionStates: AsyncStream<ConnectionState> { self.states() }

    /// The same documents, where they can be watched.
    var watchable: (any DocumentCollection<Bytes>)? { self.documents as? any DocumentCollection<Bytes> }

    func close() async { await self.end() }
}
