// SPDX-License-Identifier: Apache-2.0

package import FreshetSoak

/// How a run stands, for people who look on.
package struct RunProgress: Sendable {
    /// A fault that is over, and whether everybody came back.
    package struct Verdict: Sendable {
        package var id: String
        package var isGood: Bool

        package init(id: String, isGood: Bool) {
            self.id = id
            self.isGood = isGood
        }
    }

    package var duration: Duration
    package var elapsed: Duration = .zero
    package var stage = "starting"
    /// The fault that is on.
    package var fault: String?
    package var faults = 0
    package var away = 0
    package var phases: [ClientPhase: Int] = [:]
    package var delivered = 0
    package var lost = 0
    package var duplicates = 0
    package var gaps = 0
    package var breaches = 0
    package var firstBreach: String?
    package var surprises = 0
    package var resident = 0
    package var descriptors = 0
    package var recoverP99: Int?
    /// The newest last.
    package var verdicts: [Verdict] = []
    /// Elements a second, and clients that are away, of the last minute.
    package var rates: [Int] = []
    package var aways: [Int] = []
    private var measured = (us: 0, delivered: 0)

    package init(duration: Duration) { self.duration = duration }

    private static let kept = 60

    mutating func take(_ standing: Standing) {
        self.elapsed = .microseconds(standing.us)
        self.delivered = standing.tally.delivered
        self.lost = standing.tally.lost
        self.duplicates = standing.tally.duplicates
        self.gaps = standing.tally.gaps
        self.breaches = standing.breaches
        self.firstBreach = standing.firstBreach.map { "\($0.invariant.rawValue): \($0.message)" }
        self.surprises = standing.surprises
        self.recoverP99 = standing.recover.quantile(0.99)
        let passed = standing.us - self.measured.us
        if passed >= 1_000_000 {
            let rate = Double(self.delivered - self.measured.delivered) / (Double(passed) / 1_000_000)
            self.rates = (self.rates + [Int(rate)]).suffix(Self.kept)
            self.measured = (standing.us, self.delivered)
        }
    }

    mutating func take(_ figures: ProcessFigures, _ phases: [ClientPhase: Int]) {
        self.resident = figures.resident
        self.descriptors = figures.descriptors
        self.phases = phases
        let live = (phases[.live] ?? 0) + (phases[.polling] ?? 0)
        self.aways = (self.aways + [phases.values.reduce(0, +) - live]).suffix(Self.kept)
    }

    mutating func began(_ id: String) {
        self.stage = "faults"
        self.fault = id
        self.faults += 1
    }

    mutating func over(_ id: String, everybodyIsBack: Bool) {
        self.fault = nil
        self.verdicts = (self.verdicts + [Verdict(id: id, isGood: everybodyIsBack)]).suffix(100)
    }
}
