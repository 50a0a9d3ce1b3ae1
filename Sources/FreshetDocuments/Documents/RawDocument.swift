// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// A document as its source sent it, not decoded yet.
public struct RawDocument: Sendable, Hashable {
    /// Its name.
    public let key: String
    /// Which state of it this is.
    public let version: String
    /// Its bytes.
    public let value: Bytes

    /// Makes a document.
    ///
    /// - Parameters:
    ///   - key: its name.
    ///   - version: which state of it this is.
    ///   - value: its bytes.
    public init(key: String, version: String, value: Bytes) {
        self.key = key
        self.version = version
        self.value = value
    }

    /// Whether both are the same state of the same document: then their values are the same.
    public static func == (left: RawDocument, right: RawDocument) -> Bool {
        left.key == right.key && left.version == right.version
    }

    /// Hashes what is compared.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.key)
        hasher.combine(self.version)
    }
}
