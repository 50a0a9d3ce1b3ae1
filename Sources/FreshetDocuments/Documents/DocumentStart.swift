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
