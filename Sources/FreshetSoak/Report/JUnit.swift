// SPDX-License-Identifier: Apache-2.0

/// `junit.xml`: each invariant, each requirement and each fault is a test case.
struct JUnit {
    let report: SoakReport

    private struct Case {
        let name: String
        /// nil: it passed.
        let failure: String?
        var details = ""
    }

    func document() -> String {
        let suites: [(String, [Case])] = [
            ("invariants", self.invariants), ("requirements", self.requirements), ("faults", self.faults),
        ]
        let all = suites.flatMap(\.1)
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        text += "<testsuites name=\"freshet soak\" \(Self.counts(all)) time=\"\(self.report.run.seconds)\">\n"
        for (name, cases) in suites {
            text += "  <testsuite name=\"\(name)\" \(Self.counts(cases))>\n"
            for one in cases {
                text += "    <testcase classname=\"soak.\(name)\" name=\"\(Text.escaped(one.name))\""
                if let failure = one.failure {
                    text +=
                        ">\n      <failure message=\"\(Text.escaped(failure))\">\(Text.escaped(one.details))</failure>\n"
                    text += "    </testcase>\n"
                } else {
                    text += "><system-out>\(Text.escaped(one.details))</system-out></testcase>\n"
                }
            }
            text += "  </testsuite>\n"
        }
        return text + "</testsuites>\n"
    }

    private static func counts(_ cases: [Case]) -> String {
        "tests=\"\(cases.count)\" failures=\"\(cases.count { $0.failure != nil })\""
    }

    private var invariants: [Case] {
        self.report.invariants.map { one in
            let breaches = self.report.breaches.filter { $0.invariant.rawValue == one.name }
            let failure = breaches.first?.message ?? "\(one.breaches) breaches"
            let details = breaches.map { "\($0.message) (\(SoakReport.place($0)))" }.joined(separator: "\n")
            return Case(name: one.name, failure: one.breaches == 0 ? nil : failure, details: details)
        }
    }

    private var requirements: [Case] {
        self.report.requirements.map { result in
            Case(name: result.text, failure: result.isMet ? nil : "it came to: \(SoakReport.actual(result))")
        }
    }

    /// They do not fail: how soon something is noticed and overcome is a matter of requirements (`detect.late==0`, `away==0`).
    private var faults: [Case] {
        self.report.faults.map { fault in
            Case(name: fault.id, failure: nil, details: "\(fault.injected) times: \(fault.verdict)")
        }
    }
}
