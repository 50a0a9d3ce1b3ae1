// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What a listener has been told, from one stream to the next: which documents there are and of which version, and the server's
/// token for the moment of which they are.
package final class FirestoreTargetMemory: Sendable {
    package struct State: Sendable {
        /// The times of their last changes, as the server writes them, by the documents' full names.
        package var versions: [String: String] = [:]
        /// Where the server goes on from; nil: it has to send everything.
        package var token: String?
        /// Whether anything has been told.
        package var isKnown = false
    }

    private let state = Locked(State())

    package init() {}

    package var current: State { self.state.withLock { $0 } }

    /// Changes it in place: it may be large.
    package func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        self.state.withLock { body(&$0) }
    }
}
