// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// Where a watch begins.
public enum DocumentStart: Sendable, Hashable {
    /// With the whole state; then what changes.
    case snapshot
    /// With what changes from now on.
    case now
    /// After a position that a list or an earlier feed told: in this process or another one.
    case after(Position)
}

extension DocumentStart {
    /// Where to subscribe from at once.
    package var position: Position? {
        if case .after(let position) = self { position } else { nil }
    }

    /// Whether the position alone is the answer: at the beginning of what brings changes only.
    ///
    /// - Parameter request: what is asked for.
    /// - Returns: whether there is nothing to hand out.
    package func isAnswered(by request: SnapshotRequest) -> Bool {
        self == .now && request.gap == nil && request.overSocket
    }
}
