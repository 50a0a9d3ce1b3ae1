// SPDX-License-Identifier: Apache-2.0

import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Wakes a thread that sleeps in poll(): a pipe that it looks at.
final class ProxyWaker: Sendable {
    let readEnd: Int32
    private let writeEnd: Int32

    init() throws(FreshetError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw FreshetError(.invalidInput, "there are no descriptors left for a proxy") }
        for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        (self.readEnd, self.writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(self.readEnd)
        close(self.writeEnd)
    }

    /// A pipe that is full wakes as well.
    func wake() {
        var byte: UInt8 = 1
        _ = write(self.writeEnd, &byte, 1)
    }

    func drain() {
        var bytes = [UInt8](repeating: 0, count: 256)
        while read(self.readEnd, &bytes, bytes.count) > 0 {}
    }
}
