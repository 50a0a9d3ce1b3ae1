// SPDX-License-Identifier: Apache-2.0

/// How much a socket reads at once: little as a rule, and more while a flood fills every read, since the two sides of a flood wait
/// for each other at each read.
enum ReadSize: Int {
    case small, medium, large

    var bytes: Int { 131072 << (2 * self.rawValue) }

    /// A read of fewer bytes is copied. Of the smallest size, which all sockets share, more are: most sockets read little.
    var worthHandingOver: Int { self == .small ? self.bytes / 2 : self.bytes / 8 }

    /// The size of the next read after one that brought `count` bytes.
    func next(after count: Int) -> ReadSize {
        if count == self.bytes { return ReadSize(rawValue: self.rawValue + 1) ?? self }
        return count < self.bytes / 8 ? ReadSize(rawValue: self.rawValue - 1) ?? self : self
    }
}
