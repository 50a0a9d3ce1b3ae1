// SPDX-License-Identifier: Apache-2.0

/// A value that knows how large it is, so that it counts in a feed's buffer; others count nothing.
package protocol MeasuredValue: Sendable {
    /// How many bytes of payload it holds.
    var byteCount: Int { get }
}
