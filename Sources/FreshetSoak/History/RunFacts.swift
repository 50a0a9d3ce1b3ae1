// SPDX-License-Identifier: Apache-2.0

/// What a run is: the first line of its history.
package struct RunFacts: Sendable, Hashable, Codable {
    /// Decides everything that is left to chance.
    package var seed: UInt64
    /// `sim`, `local` or `target`.
    package var mode: String
    /// When it began, in UTC, as in `2026-01-31T12:00:00Z`.
    package var began: String
    /// The line that does it again.
    package var reproduction: String?
    /// What is still allowed.
    package var limits: OracleLimits

    package init(
        seed: UInt64,
        mode: String,
        began: String,
        reproduction: String? = nil,
        limits: OracleLimits = OracleLimits()
    ) {
        self.seed = seed
        self.mode = mode
        self.began = began
        self.reproduction = reproduction
        self.limits = limits
    }
}

/// What the oracle does not hold against a run. Times are in µs.
package struct OracleLimits: Sendable, Hashable, Codable {
    /// What the memory and the descriptors do until then is not judged.
    package var warmUp = 60_000_000
    /// By how much memory may grow, in MB an hour.
    package var megabytesPerHour = 1.0
    /// A growth of less than this over the whole run is noise.
    package var memoryNoise = 4_000_000
    /// How many more descriptors there may be in the end.
    package var descriptors = 0
    /// How long a socket may outlive the one that replaces it.
    package var socketGrace = 1_000_000
    /// How much later than its delivery an element's publication may be written down.
    package var lateLog = 5_000_000

    /// How soon the clients find out by themselves that nothing comes any more.
    package var keepAlive = 30_000_000
    /// How long they wait for a step of connecting.
    package var deadline = 10_000_000

    package init() {}
}
