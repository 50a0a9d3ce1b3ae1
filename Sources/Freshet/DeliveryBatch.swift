// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Updates of one read for one subscription, in order, on their way into its buffer in one piece.
struct DeliveryBatch {
    private(set) var id: SubscriptionTable.ID?
    private var slices: [ByteSlice] = []
    private var bytes = 0

    /// - Precondition: the batch is empty, or for the same subscription.
    mutating func add(_ slice: ByteSlice, for id: SubscriptionTable.ID) {
        self.id = id
        self.slices.append(slice)
        self.bytes += slice.count
    }

    /// Empties the batch.
    mutating func take() -> (items: [FeedItem], bytes: Int) {
        defer { self = DeliveryBatch() }
        // A few small updates must not keep a whole read alive while they wait for their consumer.
        let chunk = self.slices.map(\.chunk.bytes.count).max() ?? 0
        let slices = self.bytes < chunk / 4 ? self.slices.map { $0.detached() } : self.slices
        return (slices.map { .update($0) }, self.bytes)
    }
}
