// SPDX-License-Identifier: Apache-2.0

/// One of the values that a key of a bucket has had.
public struct NATSRevision<Value: Sendable>: Sendable {
    /// What was done to the key.
    public enum Operation: Sendable {
        /// It got this value.
        case put(Value)
        /// It was deleted; what it had before is kept.
        case deleted
        /// It was deleted with all that it had before.
        case purged
    }

    /// Its version, as documents have it.
    public let version: String
    /// When it was stored, in nanoseconds since 1970.
    public let time: UInt64
    /// What was done.
    public let operation: Operation
}

extension NATSRevision.Operation: Equatable where Value: Equatable {}
extension NATSRevision: Equatable where Value: Equatable {}
