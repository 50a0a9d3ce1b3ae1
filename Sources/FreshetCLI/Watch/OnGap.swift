// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What a watch does at a gap. It is told in any case.
enum OnGap: String, CaseIterable, ExpressibleByArgument {
    /// Prints what the source has made up for: the changes between what was printed and the state now.
    case resync
    /// Goes on with what comes next.
    case mark
    /// Ends, with exit code 6.
    case fail
}
