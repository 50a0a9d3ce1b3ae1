// SPDX-License-Identifier: Apache-2.0

/// An element that came, with its mark where its subscription's recovery needs one.
package struct MarkedUpdate: Sendable {
    package let payload: Bytes
    package let mark: UpdateMark?

    package init(_ payload: Bytes, _ mark: UpdateMark? = nil) {
        self.payload = payload
        self.mark = mark
    }

    /// What makes it the same element when it comes again: its key, if that is the element's and not that of the object it
    /// is about, or its position; or else its bytes.
    package func identity(byKey: Bool) -> JSONValue {
        (byKey ? self.mark?.key ?? self.mark?.position?.value : nil) ?? .string(self.payload.text)
    }
}
