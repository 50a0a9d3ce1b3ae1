// SPDX-License-Identifier: Apache-2.0

/// Judges what a process leaves behind by what the system says of it.
package struct ProcessJudge: Sendable {
    let process: String
    let limits: OracleLimits

    /// Bytes, and descriptors, over hours; after the warm-up, while there are clients.
    package private(set) var memory = LeastSquares()
    package private(set) var inUse = LeastSquares()
    package private(set) var descriptors = LeastSquares()
    private var first: (us: Int, line: Int)?
    private var last: (us: Int, line: Int)?
    private var idleBefore: (descriptors: Int, line: Int)?
    private var idleAfter: (descriptors: Int, line: Int)?

    init(process: String, limits: OracleLimits) {
        self.process = process
        self.limits = limits
    }

    package static func hours(_ us: Int) -> Double { Double(us) / 3_600_000_000 }

    mutating func take(_ descriptors: Int, _ resident: Int, inUse: Int?, isIdle: Bool, us: Int, line: Int) {
        if isIdle {
            if self.idleBefore == nil {
                self.idleBefore = (descriptors, line)
            } else {
                self.idleAfter = (descriptors, line)
            }
        } else if us >= self.limits.warmUp {
            if self.first == nil { self.first = (us, line) }
            self.last = (us, line)
            self.memory.add(Self.hours(us), Double(resident))
            if let inUse { self.inUse.add(Self.hours(us), Double(inUse)) }
            self.descriptors.add(Self.hours(us), Double(descriptors))
        }
    }

    private var span: Double { Self.hours((self.last?.us ?? 0) - (self.first?.us ?? 0)) }

    /// How much memory grows, in MB an hour, where that is more than noise; 0 where it is not; nil: not measured.
    package var megabytesPerHour: Double? { self.megabytesPerHour(self.memory) }

    /// The same of what is allocated and not given back.
    package var inUsePerHour: Double? { self.megabytesPerHour(self.inUse) }

    private func megabytesPerHour(_ memory: LeastSquares) -> Double? {
        guard let slope = memory.slope else { return nil }
        let isNoise = abs(slope) * self.span < Double(self.limits.memoryNoise) || abs(slope) < 3 * memory.error
        return isNoise ? 0 : slope / 1_000_000
    }

    /// How many descriptors more an hour, where that is more than noise.
    package var descriptorsPerHour: Double? {
        guard let slope = self.descriptors.slope else { return nil }
        return abs(slope) * self.span < 2 || abs(slope) < 3 * self.descriptors.error ? 0 : slope
    }

    func finish(into findings: inout Findings) {
        let ends = [self.first?.line ?? 0, self.last?.line ?? 0]
        for (what, slope) in [("The memory of", self.megabytesPerHour), ("What is allocated by", self.inUsePerHour)] {
            guard let slope, slope > self.limits.megabytesPerHour else { continue }
            let text = "\(what) \(self.process) grows by \(slope.rounded(2)) MB an hour"
            findings.add(.noMemoryLeak, text, lines: ends)
        }
        if let before = self.idleBefore, let after = self.idleAfter {
            let more = after.descriptors - before.descriptors
            guard more > self.limits.descriptors else { return }
            let text = "\(self.process) has \(after.descriptors) descriptors in the end, and had \(before.descriptors)"
            findings.add(.noDescriptorLeak, text, lines: [before.line, after.line])
        } else if let slope = self.descriptorsPerHour, slope * self.span > Double(max(self.limits.descriptors, 2)) {
            let text = "The descriptors of \(self.process) grow by \(slope.rounded(1)) an hour"
            findings.add(.noDescriptorLeak, text, lines: ends)
        }
    }
}

extension Double {
    /// With so many digits after the point.
    func rounded(_ digits: Int) -> Double {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        return (self * scale).rounded() / scale
    }
}
