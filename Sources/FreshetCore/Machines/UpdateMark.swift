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

/// An element that came, with its mark where its subscription's recovery needs one.
package struct MarkedUpdate: Sendable {
    package let payload: Bytes
    package let mark: UpdateMark?

    package init(_ payload: Bytes, _ mark: UpdateMark? = nil) {
        self.payload = payload
        self.mark = mark
    }

    /// What makes it the same element when it comes again: its key, if that is the element's and not that of the object it
    /// is about, or else its bytes.
    package func identity(byKey: Bool) -> JSONValue {
        (byKey ? self.mark?.key : nil) ?? .string(self.payload.text)
    }
}
