// SPDX-License-Identifier: Apache-2.0

/// A value and the version that it is of.
public struct Versioned<Value: Sendable>: Sendable {
    /// The value.
    public let value: Value
    /// Its entity tag (RFC 9110 8.8.3), or whatever names versions at its source; nil where there is none.
    public let version: String?

    /// Makes a value with its version.
    ///
    /// - Parameters:
    ///   - value: the value.
    ///   - version: its version.
    public init(value: Value, version: String?) {
        self.value = value
        self.version = version
    }
}

extension Versioned: Equatable where Value: Equatable {}
