// SPDX-License-Identifier: Apache-2.0

/// A weak reference to an object of the loop, in closures that may be called from any thread but look at it on the loop's only.
// Proof for @unchecked: `object` is set before the closure is made, and read only by closures given to `EventLoop.execute`.
final class WeakConfined<Object: AnyObject>: @unchecked Sendable {
    weak var object: Object?
}
