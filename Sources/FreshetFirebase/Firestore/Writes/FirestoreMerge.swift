// SPDX-License-Identifier: Apache-2.0

/// What `set` does with the fields that are there already.
public enum FirestoreMerge: Sendable, Hashable {
    /// They go.
    case none
    /// They stay, but for those that are given; of maps in maps too.
    case all
    /// Only these are written; of those the ones that are not given go.
    case fields([FirestoreFieldPath])
}
