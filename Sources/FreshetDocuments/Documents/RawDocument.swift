// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// A document as its source sent it.
package struct RawDocument: Sendable, Hashable {
    package let key: String
    package let version: String
    package let value: Bytes

    package init(key: String, version: String, value: Bytes) {
        self.key = key
        self.version = version
        self.value = value
    }

    /// Versions say whether the values are the same.
    package static func == (left: RawDocument, right: RawDocument) -> Bool {
        left.key == right.key && left.version == right.version
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.key)
        hasher.combine(self.version)
    }
}
