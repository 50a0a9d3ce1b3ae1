// SPDX-License-Identifier: Apache-2.0

/// What a feed promises about the time between a drop and the new subscription.
public enum Continuity: String, Sendable, Hashable, Codable {
    /// Every change once, in order, or a gap that says otherwise.
    case gapless
    /// The state at the end is right; changes that were superseded meanwhile are not seen.
    case convergent
    /// Only that something may be missing is said.
    case bestEffort
}
