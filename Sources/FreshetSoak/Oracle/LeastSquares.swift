// SPDX-License-Identifier: Apache-2.0

/// A line through points that come one by one.
package struct LeastSquares: Sendable {
    private var count = 0.0
    private var meanX = 0.0
    private var meanY = 0.0
    private var xx = 0.0
    private var xy = 0.0
    private var yy = 0.0

    package init() {}

    package mutating func add(_ x: Double, _ y: Double) {
        self.count += 1
        let (dx, dy) = (x - self.meanX, y - self.meanY)
        self.meanX += dx / self.count
        self.meanY += dy / self.count
        self.xx += dx * (x - self.meanX)
        self.xy += dx * (y - self.meanY)
        self.yy += dy * (y - self.meanY)
    }

    /// Per unit of x; nil where there is no line.
    package var slope: Double? {
        self.count >= 3 && self.xx > 0 ? self.xy / self.xx : nil
    }

    /// How far the slope may be off by chance (one standard error).
    package var error: Double {
        guard self.count >= 3, self.xx > 0 else { return 0 }
        let rest = max(self.yy - self.xy * self.xy / self.xx, 0)
        return (rest / (self.count - 2) / self.xx).squareRoot()
    }

    /// The line's value there.
    package func value(at x: Double) -> Double { self.meanY + (self.slope ?? 0) * (x - self.meanX) }
}
