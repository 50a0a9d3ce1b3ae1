// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
public import Synchronization

/// A value behind a lock. Nothing is resumed, logged or called back while it is held (design D7).
///
/// Inlinable, like all generic types that a message passes: not specialised, each call would look types up at run time.
@usableFromInline
package final class Locked<Value: Sendable>: Sendable {
    @usableFromInline let value: Mutex<Value>

    @inlinable
    package init(_ value: Value) {
        self.value = Mutex(value)
    }

    @inlinable
    package func withLock<Result, E: Error>(_ body: (inout Value) throws(E) -> sending Result) throws(E)
        -> sending Result
    {
        try self.value.withLock { (value: inout sending Value) throws(E) -> sending Result in try body(&value) }
    }
}
#else
public import Glibc

/// A value behind a lock. Nothing is resumed, logged or called back while it is held (design D7).
///
/// Inlinable, like all generic types that a message passes: not specialised, each call would look types up at run time.
///
/// A pthread mutex on Linux: there a contended `Synchronization.Mutex` makes ThreadSanitizer report races that are not
/// there.
// Proof for @unchecked: `value` is touched only between lock and unlock of `mutex`, which never moves.
@usableFromInline
package final class Locked<Value: Sendable>: @unchecked Sendable {
    @usableFromInline var value: Value
    @usableFromInline let mutex: UnsafeMutablePointer<pthread_mutex_t>

    @inlinable
    package init(_ value: Value) {
        self.value = value
        self.mutex = .allocate(capacity: 1)
        self.mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(self.mutex, nil)
    }

    @inlinable
    deinit {
        pthread_mutex_destroy(self.mutex)
        self.mutex.deallocate()
    }

    @inlinable
    package func withLock<Result, E: Error>(_ body: (inout Value) throws(E) -> Result) throws(E) -> Result {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        return try body(&self.value)
    }
}
#endif
