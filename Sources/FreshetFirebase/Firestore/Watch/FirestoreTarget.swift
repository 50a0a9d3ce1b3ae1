// SPDX-License-Identifier: Apache-2.0

/// What one listener watches.
package struct FirestoreTarget: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        case document(FirestoreName)
        case query(FirestoreStructuredQuery)
    }

    package let content: Content
    /// Whether to hear as well that the state is the server's again, where nothing else has changed.
    package let hearsMetadata: Bool
    /// What it knows already. It is the listener's own, so that it goes with him.
    package let memory: FirestoreTargetMemory

    package init(_ content: Content, hearsMetadata: Bool = false) {
        self.content = content
        self.hearsMetadata = hearsMetadata
        self.memory = FirestoreTargetMemory()
    }

    package static func == (left: FirestoreTarget, right: FirestoreTarget) -> Bool { left.memory === right.memory }

    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self.memory)) }
}
