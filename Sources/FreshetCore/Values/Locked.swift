// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Synchronization

/// A value behind a lock. Nothing is resumed, logged or called back while it is held (design D7).
package final class Locked<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    package init(_ value: Value) {
        self.value = Mutex(value)
    }

    package func withLock<Result, E: Error>(_ body: (inout Value) throws(E) -> sending Result) throws(E)
        -> sending Result
    {
        try self.value.withLock { (value: inout sending Value) throws(E) -> sending Result in try body(&value) }
    }
}
#else
import Glibc

/// A value behind a lock. Nothing is resumed, logged or called back while it is held (design D7).
///
/// A pthread mutex on Linux: there a contended `Synchronization.Mutex` makes ThreadSanitizer report races that are not
/// there.
// Proof for @unchecked: `value` is touched only between lock and unlock of `mutex`, which never moves.
package final class Locked<Value: Sendable>: @unchecked Sendable {
    private var value: Value
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    package init(_ value: Value) {
        self.value = value
        self.mutex = .allocate(capacity: 1)
        self.mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(self.mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(self.mutex)
        self.mutex.deallocate()
    }

    package func withLock<Result, E: Error>(_ body: (inout Value) throws(E) -> Result) throws(E) -> Result {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        return try body(&self.value)
    }
}
#endif
