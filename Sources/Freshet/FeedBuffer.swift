// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// What waits for the consumer of one feed.
package typealias FeedBuffer = DeliveryQueue<FeedItem>

extension DeliveryQueue<FeedItem> {
    /// Appends a gap; gaps with nothing between them are one, however often the connection breaks meanwhile.
    package func append(_ gap: Gap) -> Bool {
        self.append(.gap(gap)) { last in
            guard case .gap(let earlier) = last else { return nil }
            return .gap(Gap(cause: gap.cause, reason: gap.reason, outage: earlier.outage + gap.outage))
        }
    }
}
