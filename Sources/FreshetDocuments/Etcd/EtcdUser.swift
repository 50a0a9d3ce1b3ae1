// SPDX-License-Identifier: Apache-2.0

/// Who asks, where etcd's authentication is on.
public struct EtcdUser: Sendable, Hashable {
    /// The user's name.
    public let name: String
    let password: String

    /// Makes a user.
    ///
    /// - Parameters:
    ///   - name: the user's name.
    ///   - password: sent to etcd for a token, and nowhere else.
    public init(name: String, password: String) {
        self.name = name
        self.password = password
    }
}

extension EtcdUser: CustomStringConvertible, CustomDebugStringConvertible {
    /// The name alone.
    public var description: String { "EtcdUser(\(self.name))" }
    /// The same.
    public var debugDescription: String { self.description }
}
