// SPDX-License-Identifier: Apache-2.0

package import FreshetSoak

/// How a run stands.
package struct Standing: Sendable {
    package var us: Int
    package var tally: Tally
    package var breaches: Int
    package var firstBreach: Breach?
    package var latency: Distribution
    package var recover: Distribution
    package var surprises: Int

    init(_ judge: HistoryJudge) {
        self.us = judge.figures.us
        self.tally = judge.oracle.findings.tally
        self.breaches = judge.oracle.findings.total
        self.firstBreach = judge.oracle.findings.breaches.first
        self.latency = judge.figures.latency
        self.recover = judge.figures.recover
        self.surprises = judge.figures.faults.values.reduce(0) { $0 + $1.surprises }
    }
}
