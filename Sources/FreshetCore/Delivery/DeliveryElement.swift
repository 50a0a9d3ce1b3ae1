// SPDX-License-Identifier: Apache-2.0

/// What a `DeliveryBuffer` must know of the elements that wait in it.
@usableFromInline
package protocol DeliveryElement: Sendable {
    /// What it counts against the limit of bytes.
    var byteCount: Int { get }
    /// Whether it may be dropped when the consumer is too slow.
    var isDroppable: Bool { get }
    /// The value by which a newer element supersedes it.
    func key(at path: JSONPath) -> JSONValue?
    /// The same with memory of its own.
    func detached() -> Self
    /// What stands for so many dropped ones.
    static func dropped(_ count: Int) -> Self?
    /// This element and the one that would follow it, in one; nil: they stay two.
    func merged(with later: Self) -> Self?
}
