// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// Makes a feed's elements of its items, in their order, in the task of the consumer. It may remember what came before, and leave
/// out what is none of its consumer's business.
package struct FeedDecoder<Element> {
    /// Nil: nothing is handed out for this item.
    package let decode: (FeedItem) throws(FreshetError) -> Element?
    /// Where the feed stands with an item: asked for after it was decoded.
    package let position: (FeedItem) -> Position?

    package init(
        decode: @escaping (FeedItem) throws(FreshetError) -> Element?,
        position: @escaping (FeedItem) -> Position? = { _ in nil }
    ) {
        self.decode = decode
        self.position = position
    }
}
