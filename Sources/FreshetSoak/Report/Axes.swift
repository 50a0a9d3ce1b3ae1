// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A rectangle of a drawing in which values have a place.
struct Axes {
    let left: Double
    let top: Double
    let width: Double
    let height: Double
    var x: ClosedRange<Double>
    var y: ClosedRange<Double>

    var right: Double { self.left + self.width }
    var bottom: Double { self.top + self.height }

    func px(_ value: Double) -> Double {
        let share = (value - self.x.lowerBound) / (self.x.upperBound - self.x.lowerBound)
        return self.left + min(max(share, 0), 1) * self.width
    }

    func py(_ value: Double) -> Double {
        let share = (value - self.y.lowerBound) / (self.y.upperBound - self.y.lowerBound)
        return self.bottom - min(max(share, 0), 1) * self.height
    }

    /// Lines across, with numbers on the left and the name above them.
    func drawY(_ svg: inout SVG, name: String, _ label: (Double) -> String = Axes.short) {
        svg.text(20, self.top - 10, name, "dim")
        for value in Self.ticks(self.y, 4) {
            svg.line(self.left, self.py(value), self.right, self.py(value), "grid")
            svg.text(self.left - 8, self.py(value) + 4, label(value), "dim", .end)
        }
    }

    /// The line below, with times.
    func drawTime(_ svg: inout SVG, labels: Bool = true) {
        svg.line(self.left, self.bottom, self.right, self.bottom, "axis")
        let step = Self.timeStep(self.x.upperBound - self.x.lowerBound)
        var value = 0.0
        while value <= self.x.upperBound {
            svg.line(self.px(value), self.bottom, self.px(value), self.bottom + 4, "axis")
            if labels { svg.text(self.px(value), self.bottom + 18, Self.time(value, step), "dim", .middle) }
            value += step
        }
    }

    /// From nothing to a round number that the greatest fits below.
    static func upTo(_ greatest: Double) -> ClosedRange<Double> {
        guard greatest > 0, greatest.isFinite else { return 0...1 }
        let step = Self.step(greatest, 4)
        return 0...(greatest / step).rounded(.up) * step
    }

    /// Round numbers around values that may be far from nothing.
    static func around(_ least: Double, _ greatest: Double) -> ClosedRange<Double> {
        guard greatest > least else { return Self.upTo(greatest * 1.5) }
        let step = Self.step((greatest - least) * 1.3, 3)
        return max(((least - step / 4) / step).rounded(.down) * step, 0)...((greatest + step / 4) / step).rounded(.up)
            * step
    }

    static func ticks(_ range: ClosedRange<Double>, _ count: Double) -> [Double] {
        let step = Self.step(range.upperBound - range.lowerBound, count)
        var value = (range.lowerBound / step).rounded(.up) * step
        var all: [Double] = []
        while value <= range.upperBound + step / 1000, all.count < 20 {
            all.append(value)
            value += step
        }
        return all
    }

    /// 1, 2 or 5 times a power of ten.
    private static func step(_ range: Double, _ count: Double) -> Double {
        let rough = range / count
        guard rough > 0, rough.isFinite else { return 1 }
        let power = pow(10, log10(rough).rounded(.down))
        return power * (rough / power <= 1 ? 1 : rough / power <= 2 ? 2 : rough / power <= 5 ? 5 : 10)
    }

    private static func timeStep(_ range: Double) -> Double {
        let steps: [Double] = [
            0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200,
            86_400,
        ]
        return steps.first { range / $0 <= 10 } ?? range / 8
    }

    static func time(_ seconds: Double, _ step: Double) -> String {
        guard step >= 1 else { return "\(Text.decimal(seconds, 1)) s" }
        let whole = Int(seconds.rounded())
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let (hours, minutes) = (whole / 3600, whole / 60 % 60)
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(whole % 60))" : "\(minutes):\(two(whole % 60))"
    }

    /// `1.5k`, `20M`.
    static func short(_ value: Double) -> String {
        switch abs(value) {
        case ..<10_000: Text.decimal(value, value < 10 ? 2 : 1)
        case ..<1_000_000: "\(Text.decimal(value / 1000, 1))k"
        default: "\(Text.decimal(value / 1_000_000, 1))M"
        }
    }
}
