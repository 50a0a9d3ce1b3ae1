// SPDX-License-Identifier: Apache-2.0

/// What a snapshot is asked for, and by which ways it can be had.
package struct SnapshotRequest: Sendable, Hashable {
    /// What it is to make up for; nil at the beginning, and while there is no WebSocket.
    package let gap: Gap?
    /// The validator of the last result: if it still holds, the answer may be `.unchanged`.
    package let validator: String?
    /// Whether there is a WebSocket to ask over.
    package let overSocket: Bool

    package init(gap: Gap? = nil, validator: String? = nil, overSocket: Bool) {
        self.gap = gap
        self.validator = validator
        self.overSocket = overSocket
    }
}
