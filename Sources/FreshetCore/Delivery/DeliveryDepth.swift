// SPDX-License-Identifier: Apache-2.0

/// How far a consumer is behind.
package struct DeliveryDepth: Sendable {
    package let elements: Int
    package let bytes: Int
    /// All that were ever dropped.
    package let dropped: Int
    /// When the oldest that waits came.
    package let oldest: Duration?
}
