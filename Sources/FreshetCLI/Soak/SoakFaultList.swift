// SPDX-License-Identifier: Apache-2.0

import FreshetSoak

/// Every fault of the catalogue, for people.
enum SoakFaultList {
    static func text() -> String {
        let width = (FaultCatalogue.all.map(\.id.count).max() ?? 0) + 2
        let lines = FaultCatalogue.all.map { fault in
            let id = fault.id + String(repeating: " ", count: width - fault.id.count)
            return fault.whyNot.map { "\(id)\(fault.does) Not here: \($0)." }
                ?? "\(id)\(fault.does) A client \(fault.outcome.words)."
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
