// SPDX-License-Identifier: Apache-2.0

/// A key, or all keys from one to before another, as etcd's requests have it.
package struct EtcdRange: Sendable, Hashable {
    package var key: [UInt8]
    /// The first key that does not belong to it any more; nil: it is one key; a zero byte: there is no such key.
    package let end: [UInt8]?

    /// One key.
    package init(key: [UInt8]) {
        self.key = key
        self.end = nil
    }

    /// All keys that begin like this; all that there are where nothing is given.
    package init(prefix: [UInt8]) {
        // A zero byte is the first of all keys.
        self.key = prefix.isEmpty ? [0] : prefix
        var end = prefix
        // After a last byte of 0xFF comes the next value of the byte before it.
        while end.last == 0xFF { end.removeLast() }
        if let last = end.popLast() { end.append(last + 1) }
        self.end = end.isEmpty ? [0] : end
    }

    /// What comes in it after a key.
    package func after(_ last: [UInt8]) -> EtcdRange {
        var range = self
        range.key = last + [0]
        return range
    }
}
