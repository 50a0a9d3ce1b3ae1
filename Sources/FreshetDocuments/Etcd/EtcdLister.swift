// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore

/// Lists what is watched: at the beginning, after a gap, and again and again where there is nothing to watch by.
struct EtcdLister: Sendable {
    let store: EtcdStore
    let range: EtcdRange
    let pageSize: Int
    let start: DocumentStart

    func fetch(_ request: SnapshotRequest) async throws(FreshetError) -> Fetched {
        if self.start.isAnswered(by: request) {
            let summary = try await self.store.summary(of: self.range)
            return Fetched(.snapshot, position: Position(number: summary.revision))
        }
        guard !request.overSocket else { return try await self.listing().fetched() }
        // Before the list, so that it is never newer than what it is to tell.
        let summary = try await self.store.summary(of: self.range)
        if let earlier = request.validator.flatMap({ EtcdSummary(validator: $0) }), summary.isSame(as: earlier) {
            return Fetched(.unchanged)
        }
        return try await self.listing().fetched(validator: summary.validator)
    }

    private func listing() async throws(FreshetError) -> DocumentListing {
        let listing = try await self.store.list(self.range, pageSize: self.pageSize)
        return DocumentListing(
            listing.documents,
            position: Position(number: listing.revision),
            history: listing.cluster
        )
    }
}
