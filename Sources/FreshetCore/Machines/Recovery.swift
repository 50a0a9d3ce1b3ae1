// SPDX-License-Identifier: Apache-2.0

/// How a subscription finds out what it missed.
package enum Recovery: Sendable, Hashable {
    /// Not at all: a gap says that something may be missing.
    case none
    /// By the whole state, fetched at the beginning and after each gap.
    case snapshot
    /// By a function of the user's, which knows what to fetch after a loss: the changes, or the whole state.
    case custom
    /// By subscribing from the position of the last element, or of one so many before it.
    case position(overlap: Int)
    /// The same from the last element, where the positions are numbers that go up by one with each element: what comes twice,
    /// too late or not at all is found out by them.
    case numbered
    /// By the whole state, fetched before it subscribes, which says from where to subscribe; after a drop from the position
    /// of the last element, and by the state again where the server does not have that any more.
    case list
}
