// SPDX-License-Identifier: Apache-2.0

/// What must hold of every run.
package enum Invariant: String, Sendable, Hashable, Codable, CaseIterable {
    case ordered
    case unique
    case atomic
    case reliable
    case resumable
    case bookmarkable
    case honestGaps = "honest-gaps"
    case singleTerminal = "single-terminal"
    case oneSocket = "one-socket"
    case noDescriptorLeak = "no-descriptor-leak"
    case noMemoryLeak = "no-memory-leak"
    case oneRefresh = "one-refresh"
    case soundHistory = "sound-history"

    /// In a sentence.
    package var sentence: String {
        switch self {
        case .ordered: "Elements come in the server's order, and state never goes back."
        case .unique: "No element comes twice."
        case .atomic: "What the server changed in one transaction comes in one piece."
        case .reliable: "Whatever was published comes, as it was published, and nothing else."
        case .resumable: "From a position nothing is missing that the server still has."
        case .bookmarkable: "A saved position is never beyond what the consumer was handed."
        case .honestGaps: "After a drop, whatever is missing is inside a gap, and counts are right."
        case .singleTerminal: "Each stream has one end, for a reason, and nothing after it."
        case .oneSocket: "A client has no more sockets than it may."
        case .noDescriptorLeak: "No descriptor is left behind."
        case .noMemoryLeak: "Memory does not grow."
        case .oneRefresh: "Credentials are renewed once for each expiry."
        case .soundHistory: "The server's own log does not contradict itself."
        }
    }
}

/// One thing that should not have happened.
package struct Breach: Sendable, Hashable, Codable {
    package var invariant: Invariant
    package var client: Int?
    package var stream: Int?
    /// In a sentence.
    package var message: String
    /// The lines of the history that prove it, from 1.
    package var lines: [Int]
}
