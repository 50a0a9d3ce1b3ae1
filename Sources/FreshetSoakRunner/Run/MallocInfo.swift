// SPDX-License-Identifier: Apache-2.0

/// What glibc's allocator says of itself: malloc_info(3).
package struct MallocInfo: Sendable {
    /// In bytes: allocated and not given back.
    package let inUse: Int

    /// Nil: that is another text than expected.
    package init?(_ xml: String) {
        // The sums over all heaps come last.
        let sums = xml.split(separator: "</heap>").last ?? ""
        func size(_ element: String) -> Int? {
            guard let name = sums.firstRange(of: "<\(element)\"") else { return nil }
            let rest = sums[name.upperBound...].prefix { $0 != ">" }
            guard let size = rest.firstRange(of: "size=\"") else { return nil }
            return Int(rest[size.upperBound...].prefix { $0 != "\"" })
        }
        guard let system = size("system type=\"current"), let mapped = size("total type=\"mmap"),
            let fast = size("total type=\"fast"), let rest = size("total type=\"rest")
        else { return nil }
        self.inUse = system + mapped - fast - rest
    }
}
