// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// What waits for the consumer of one feed.
package typealias FeedBuffer = DeliveryQueue<FeedItem>
