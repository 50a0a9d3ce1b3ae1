// SPDX-License-Identifier: Apache-2.0

/// A document as it was at one version.
public struct Document<Value: Sendable>: Sendable {
    /// Its name at its source.
    public let key: String
    /// Which state of it this is, as its source says. Opaque: equal or not, and nothing else can be told of two.
    public let version: String
    /// What is in it.
    public let value: Value

    /// Makes a document.
    ///
    /// - Parameters:
    ///   - key: its name.
    ///   - version: which state of it this is.
    ///   - value: what is in it.
    public init(key: String, version: String, value: Value) {
        self.key = key
        self.version = version
        self.value = value
    }
}

extension Document: Equatable where Value: Equatable {}
extension Document: Hashable where Value: Hashable {}
