// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore

/// A place, and which of its children.
package struct RealtimeTarget: Sendable, Hashable {
    package var path: RealtimePath
    package var query = RealtimeQuery()

    package init(_ path: RealtimePath, _ query: RealtimeQuery = RealtimeQuery()) {
        self.path = path
        self.query = query
    }
}

/// What is asked of the server.
package enum RealtimeRequest: Sendable, Hashable {
    /// What is there, and every change; `isNew`: changes alone, at first.
    case listen(RealtimeTarget, isNew: Bool)
    /// What is there.
    case get(RealtimeTarget)
    case change(RealtimeChange)

    var kind: OperationKind {
        switch self {
        case .listen: .subscription
        case .get: .query
        case .change: .mutation
        }
    }
}

/// What is to be changed, now or when the connection is gone.
package struct RealtimeChange: Sendable, Hashable {
    package enum Action: String, Sendable {
        case put = "p"
        case merge = "m"
        case putOnDisconnect = "o"
        case mergeOnDisconnect = "om"
        case cancelOnDisconnect = "oc"
    }

    package let action: Action
    package let path: RealtimePath
    /// JSON.
    package let data: String
    /// Of what must be there now; nil: whatever is there.
    package let hash: String?

    package init(_ action: Action, _ path: RealtimePath, _ data: String, ifHash hash: String? = nil) {
        self.action = action
        self.path = path
        self.data = data
        self.hash = hash
    }
}
