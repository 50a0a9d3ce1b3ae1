// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// Fetches what makes up for a gap. Called without one at the beginning; cancelled when its connection breaks.
package typealias SnapshotFetch = @Sendable (Gap?) async throws(FreshetError) -> Fetched
