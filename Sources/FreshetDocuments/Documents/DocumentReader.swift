// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// How a source's payloads are read, in the task of the consumer.
package struct DocumentReader: Sendable {
    /// The payload of an `.update`.
    package let changes: @Sendable (Bytes) throws(FreshetError) -> RawChanges
    /// The payload of a `.snapshot`; the listing is there already where it was fetched.
    package let listing: @Sendable (Bytes) throws(FreshetError) -> DocumentListing

    package init(
        changes: @escaping @Sendable (Bytes) throws(FreshetError) -> RawChanges,
        listing: @escaping @Sendable (Bytes) throws(FreshetError) -> DocumentListing = { _ throws(FreshetError) in
            throw FreshetError(.decoding, "a state where changes were expected")
        }
    ) {
        self.changes = changes
        self.listing = listing
    }
}
