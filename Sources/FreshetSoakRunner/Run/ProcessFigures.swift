// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// What the system says of this process.
package struct ProcessFigures: Sendable {
    package var descriptors: Int
    /// In bytes: what is the process's own. Programs and libraries come and go with what else the machine reads: that says nothing.
    package var resident: Int
    /// In bytes: what is allocated and not given back; nil where the allocator does not say it.
    package var inUse: Int?

    /// Has the allocator keep one heap instead of one for each thread, and large blocks outside of it, also when there were larger ones
    /// (glibc): half-empty heaps look like a leak for hours. To be called before there is a second thread.
    package static func keepOneHeap() {
        guard let mallopt = dlsym(dlopen(nil, RTLD_LAZY), "mallopt") else { return }
        let (arenaMax, mmapThreshold): (Int32, Int32) = (-8, -3)
        // Proof: it is glibc's, whose signature this is.
        let set = unsafeBitCast(mallopt, to: (@convention(c) (Int32, Int32) -> Int32).self)
        _ = set(arenaMax, 1)
        _ = set(mmapThreshold, 131_072)
    }

    /// Gives back what the allocator keeps of what was let go of: that is no leak, and hides one.
    package static func trim() {
        guard let trim = dlsym(dlopen(nil, RTLD_LAZY), "malloc_trim") else { return }
        // Proof: it is glibc's, whose signature this is.
        _ = unsafeBitCast(trim, to: (@convention(c) (Int) -> Int32).self)(0)
    }

    /// Nil where there is no /proc.
    package static func now() -> ProcessFigures? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        var descriptors = -3  // ".", "..", and the folder itself
        while readdir(folder) != nil { descriptors += 1 }
        closedir(folder)
        guard let file = fopen("/proc/self/statm", "r") else { return nil }
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 128)
        guard fgets(&text, Int32(text.count), file) != nil else { return nil }
        let fields = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
            separator: " "
        )
        guard fields.count > 2, let pages = Int(fields[1]), let files = Int(fields[2]) else { return nil }
        let resident = (pages - files) * Int(sysconf(Int32(_SC_PAGESIZE)))
        return ProcessFigures(descriptors: descriptors, resident: resident, inUse: Self.inUse())
    }

    /// What glibc's allocator has, without what it keeps free: malloc_info(3).
    private static func inUse() -> Int? {
        guard let info = dlsym(dlopen(nil, RTLD_LAZY), "malloc_info") else { return nil }
        var text: UnsafeMutablePointer<CChar>?
        var count = 0
        guard let file = open_memstream(&text, &count) else { return nil }
        // Proof: it is glibc's, whose signature this is.
        let told = unsafeBitCast(info, to: (@convention(c) (Int32, UnsafeMutablePointer<FILE>) -> Int32).self)(0, file)
        fclose(file)
        defer { free(text) }
        guard told == 0, let text else { return nil }
        return MallocInfo(String(cString: text))?.inUse
    }
}
