// SPDX-License-Identifier: Apache-2.0

/// What a feed does when its consumer is slower than the source.
///
/// Until the buffer is full nothing differs: everything waits, in order. Every element that is dropped is counted, and a
/// ``Gap`` of cause `overflow` says the count, before what follows it.
public struct DeliveryPolicy: Sendable, Hashable {
    /// What happens at the limit.
    public enum Overflow: Sendable, Hashable {
        /// The connection is not read until there is room: nothing is dropped. Other feeds on it wait too, and so do the
        /// server's pings.
        case suspending
        /// The oldest that wait make room.
        case dropOldest
        /// An element that waits makes room when a newer one with the same key comes; if there are more keys than fit, the
        /// oldest go too. The key is found by the feed's path.
        case latestPerKey(JSONPath)
        /// The feed ends with `.overflow`, after what waits.
        case failOnOverflow
    }

    /// What happens at the limit.
    public var overflow: Overflow

    /// How many elements may wait.
    public var elements: Int

    /// How many bytes may wait. Values that come from a function of your own count none: nobody knows how large they are.
    public var bytes: Int

    /// Makes a policy.
    ///
    /// - Parameters:
    ///   - overflow: what happens at the limit.
    ///   - elements: how many elements may wait; at least 1.
    ///   - bytes: how many bytes may wait; at least 1. One element may be larger than that.
    public init(_ overflow: Overflow = .suspending, elements: Int = 4096, bytes: Int = 1 << 20) {
        self.overflow = overflow
        self.elements = max(elements, 1)
        self.bytes = max(bytes, 1)
    }

    /// Not reading while the consumer is behind.
    public static let suspending = DeliveryPolicy(.suspending)
    /// Dropping the oldest.
    public static let dropOldest = DeliveryPolicy(.dropOldest)
    /// Ending the feed.
    public static let failOnOverflow = DeliveryPolicy(.failOnOverflow)

    /// Keeping the latest of each key.
    ///
    /// - Parameter path: where the key is in an element, as in `tick.symbol`.
    /// - Returns: the policy.
    public static func latestPerKey(_ path: JSONPath) -> DeliveryPolicy { DeliveryPolicy(.latestPerKey(path)) }
}
