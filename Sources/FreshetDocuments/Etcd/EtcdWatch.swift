// SPDX-License-Identifier: Apache-2.0

/// What is watched.
package struct EtcdWatch: Sendable, Hashable {
    package var range: EtcdRange
    /// What is left out.
    package var filters: [EtcdFilter] = []
    /// Whether each change comes with what was there before.
    package var hasPrevious = false

    package init(_ range: EtcdRange) {
        self.range = range
    }
}
