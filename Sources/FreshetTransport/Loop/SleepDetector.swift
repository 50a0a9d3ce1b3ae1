// SPDX-License-Identifier: Apache-2.0

/// Notices that the machine slept: one clock went on meanwhile, the other one stood still.
struct SleepDetector {
    /// Less than this may be the time between two readings.
    static let threshold: Duration = .seconds(1)

    private var lead: Duration?

    /// Whether the machine slept since the last call: `continuous` is a clock that runs on meanwhile, `suspending` one that does
    /// not.
    mutating func slept(continuous: Duration, suspending: Duration) -> Bool {
        let lead = continuous - suspending
        defer { self.lead = lead }
        guard let before = self.lead else { return false }
        return lead - before > Self.threshold
    }
}
