// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// What a consumer is handed, of whichever source, in the words of histories.
package enum Observed: Sendable {
    case element(n: Int, key: String, k: Int)
    case gap(Gap)
    /// The whole state, in which everything up to this place is.
    case snapshot(covers: Int)
}

/// One handing out: what came together, and where the stream would go on after it.
struct Handed: Sendable {
    var observed: [Observed]
    var position: Position?

    init(observed: [Observed], position: Position? = nil) {
        self.observed = observed
        self.position = position
    }
}
