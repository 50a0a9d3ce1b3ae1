// SPDX-License-Identifier: Apache-2.0

/// What a source can tell of an element without decoding it.
public struct UpdateMark: Sendable, Hashable {
    /// What makes it the same element when it comes again.
    public var key: JSONValue?
    /// Where the feed stands with it.
    public var position: Position?

    /// Makes a mark.
    ///
    /// - Parameters:
    ///   - key: what makes it the same element when it comes again.
    ///   - position: where the feed stands with it.
    public init(key: JSONValue? = nil, position: Position? = nil) {
        self.key = key
        self.position = position
    }
}
