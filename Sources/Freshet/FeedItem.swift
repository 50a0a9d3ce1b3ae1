// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// What waits in a feed's buffer: not decoded yet.
package enum FeedItem: Sendable {
    case update(ByteSlice)
    case gap(Gap)
}
