// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

extension AuthMachine.Life {
    /// Of a credential that has just come, where the clock on the wall says `date`. A hundred years at most: times are added
    /// to it.
    init(_ life: CredentialLife, at date: Date) {
        switch life {
        case .unknown: self.init()
        case .lasts(let duration):
            let duration = min(duration, .seconds(100 * 365 * 86_400))
            self.init(total: duration, left: duration)
        case .ends(let end):
            let left = Duration.seconds(min(max(end.timeIntervalSince(date), -3e9), 3e9))
            self.init(total: left, left: left, isByClock: true)
        }
    }
}
