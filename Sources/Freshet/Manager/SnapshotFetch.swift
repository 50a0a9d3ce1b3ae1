// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// Fetches what makes up for a gap, beside a subscription or instead of one; cancelled when it is not wanted any more.
package typealias SnapshotFetch = @Sendable (SnapshotRequest) async throws(FreshetError) -> Fetched
