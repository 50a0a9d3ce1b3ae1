// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// An element of a feed and where the feed stands with it.
public struct Positioned<Element: Sendable>: Sendable {
    /// The element.
    public let element: Element
    /// Where the feed stands with it; nil for gaps, and for sources without positions.
    public let position: Position?
    /// By which way it has come.
    public let source: FeedOrigin
}

extension Positioned: Equatable where Element: Equatable {}

extension Positioned: FeedElement where Element: FeedElement {
    /// The element's value.
    public var value: Element.Value? { self.element.value }
}
