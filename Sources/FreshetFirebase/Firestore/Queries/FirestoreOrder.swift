// SPDX-License-Identifier: Apache-2.0

/// By which field documents are sorted.
public struct FirestoreOrder: Sendable, Hashable {
    /// Upwards or downwards.
    public enum Direction: String, Sendable, Hashable {
        case ascending = "ASCENDING"
        case descending = "DESCENDING"

        var reversed: Direction { self == .ascending ? .descending : .ascending }
    }

    /// The field.
    public let path: FirestoreFieldPath
    /// Upwards or downwards.
    public let direction: Direction

    /// Makes an order.
    ///
    /// - Parameters:
    ///   - path: the field.
    ///   - direction: upwards or downwards.
    public init(_ path: FirestoreFieldPath, _ direction: Direction = .ascending) {
        self.path = path
        self.direction = direction
    }
}
