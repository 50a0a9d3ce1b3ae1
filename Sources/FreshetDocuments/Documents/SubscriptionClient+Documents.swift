// SPDX-License-Identifier: Apache-2.0

package import Freshet
package import FreshetCore

extension SubscriptionClient {
    /// A feed of documents: each iteration is a subscription with a tracker of its own.
    ///
    /// - Parameters:
    ///   - opening: what to ask for, and how to make up for what is missed.
    ///   - delivery: what happens when the consumer is slow.
    ///   - fetch: lists the documents: a `Fetched` made by `DocumentListing.fetched(validator:)`.
    ///   - reader: how payloads are read.
    ///   - coding: how documents are decoded.
    /// - Returns: the feed.
    package func documents<Value>(
        _ opening: SubscriptionEngine<Source>.Opening,
        delivery: DeliveryPolicy = .suspending,
        fetch: SnapshotFetch? = nil,
        reader: DocumentReader,
        coding: DocumentCoding<Value>
    ) -> Feed<DocumentEvent<Value>> {
        Feed(open: { self.open(opening, delivery: delivery, fetch: fetch) }) {
            var tracker = DocumentTracker(coding: coding, reader: reader)
            return FeedDecoder(
                decode: { item throws(FreshetError) in try tracker.event(item) },
                position: { _ in tracker.position }
            )
        }
    }
}
