// SPDX-License-Identifier: Apache-2.0

/// Carries an object of the loop through a closure that ends up on the loop again. Keeps it alive.
// Proof for @unchecked: `object` is read only by closures given to `EventLoop.execute`, which run on the loop's thread,
// where the object lives.
struct LoopConfined<Object: AnyObject>: @unchecked Sendable {
    let object: Object?

    init(_ object: Object) { self.object = object }
}
