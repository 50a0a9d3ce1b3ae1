// SPDX-License-Identifier: Apache-2.0

/// What a result depends on, by the 64-bit fingerprint of its name: an object (`Item:1`), a field of the query's root
/// (`Query.item(id:"1")`), or whether a type meets a fragment's condition.
///
/// Two names with the same fingerprint would only make somebody read again in vain. The seed is the process's own, so that
/// no server can choose them.
package struct GraphQLCacheKey: Hashable, Sendable {
    let fingerprint: UInt64

    /// The key of a name.
    package init(_ name: String) {
        self.init(Array(name.utf8))
    }

    /// The key of the name that is these bytes.
    init(_ bytes: [UInt8], _ range: Range<Int>? = nil) {
        var hasher = Hasher()
        bytes.withUnsafeBytes { hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: $0[range ?? 0..<bytes.count])) }
        self.fingerprint = UInt64(truncatingIfNeeded: hasher.finalize())
    }

    /// It is a hash already.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.fingerprint)
    }
}
