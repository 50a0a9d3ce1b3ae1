// SPDX-License-Identifier: Apache-2.0

/// How long things took, in µs: of constant size, exact to 1.6 %. The least and the greatest are exact.
package struct Distribution: Sendable {
    /// From the least values on, as far as there were any: a few kilobytes, and no more after the first minutes.
    private var buckets: [UInt32] = []
    package private(set) var count = 0
    package private(set) var least = 0
    package private(set) var greatest = 0

    package init() {}

    package mutating func add(_ us: Int) {
        let us = max(us, 0)
        self.least = self.count == 0 ? us : min(self.least, us)
        self.greatest = max(self.greatest, us)
        self.count += 1
        self.add(1, to: Self.bucket(of: us))
    }

    private mutating func add(_ count: UInt32, to bucket: Int) {
        if bucket >= self.buckets.count {
            self.buckets += repeatElement(0, count: bucket + 1 - self.buckets.count)
        }
        let (sum, isTooMuch) = self.buckets[bucket].addingReportingOverflow(count)
        self.buckets[bucket] = isTooMuch ? .max : sum
    }

    package mutating func merge(_ other: Distribution) {
        guard other.count > 0 else { return }
        self.least = self.count == 0 ? other.least : min(self.least, other.least)
        self.greatest = max(self.greatest, other.greatest)
        self.count += other.count
        for (bucket, count) in other.buckets.enumerated() where count > 0 { self.add(count, to: bucket) }
    }

    /// Values below 128 have a bucket each; beyond, there are 64 for each power of two.
    private static func bucket(of us: Int) -> Int {
        guard us >= 128 else { return us }
        let shift = Int.bitWidth - us.leadingZeroBitCount - 7
        return shift * 64 + (us >> shift)
    }

    /// The greatest value in a bucket.
    private static func top(of bucket: Int) -> Int {
        guard bucket >= 128 else { return bucket }
        let shift = bucket / 64 - 1
        return ((bucket - shift * 64 + 1) << shift) - 1
    }

    /// The value that this share of all is not above, in µs; nil where there are none.
    package func quantile(_ share: Double) -> Int? {
        self.count == 0
            ? nil : self.steps().first { Double($0.below) >= share * Double(self.count) }?.us ?? self.greatest
    }

    /// How many are not above each value, from the least to the greatest.
    package func steps() -> [(us: Int, below: Int)] {
        var below = 0
        return self.buckets.enumerated().filter { $0.element > 0 }.map { bucket, count in
            below += Int(count)
            return (min(max(Self.top(of: bucket), self.least), self.greatest), below)
        }
    }
}
