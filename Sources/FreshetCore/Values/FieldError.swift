// SPDX-License-Identifier: Apache-2.0

/// What a server says is wrong with one field of what it was sent.
public struct FieldError: Sendable, Hashable {
    /// Where the field is: names, and indexes as digits. Empty: the whole of it.
    public var path: [String]
    /// The server's word for this kind of mistake, to be compared by programs.
    public var code: String?
    /// What is wrong, for people.
    public var message: String

    /// Makes a field's error.
    ///
    /// - Parameters:
    ///   - path: where the field is.
    ///   - code: the server's word for this kind of mistake.
    ///   - message: what is wrong, for people.
    public init(path: [String], code: String? = nil, message: String) {
        self.path = path
        self.code = code
        self.message = message
    }
}

extension FieldError: CustomStringConvertible {
    /// The path and the message.
    public var description: String {
        self.path.isEmpty ? self.message : "\(self.path.joined(separator: ".")): \(self.message)"
    }
}
