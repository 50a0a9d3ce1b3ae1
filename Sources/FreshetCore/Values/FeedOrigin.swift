// SPDX-License-Identifier: Apache-2.0

/// By which way an element of a feed has come.
public enum FeedOrigin: String, Sendable, Hashable, Codable {
    /// By the subscription itself, or fetched beside it to begin or to make up for a gap.
    case live
    /// By asking again and again, while there was no WebSocket to be had.
    case rest
}
