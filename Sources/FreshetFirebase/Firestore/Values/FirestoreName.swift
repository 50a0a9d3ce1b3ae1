// SPDX-License-Identifier: Apache-2.0

/// The name of a document, in full: `projects/my-app/databases/(default)/documents/users/ada`.
public struct FirestoreName: Sendable, Hashable {
    /// The name.
    public let description: String
    /// How many bytes of it are before the path.
    private let prefix: Int

    /// Reads a name; nil for what is no name of a document.
    ///
    /// - Parameter description: the whole name.
    public init?(_ description: String) {
        let parts = description.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 7, parts.count % 2 == 1, !parts.contains(""), parts[0] == "projects",
            parts[2] == "databases", parts[4] == "documents"
        else { return nil }
        self.description = description
        self.prefix = parts.prefix(5).reduce(0) { $0 + $1.utf8.count + 1 }
    }

    /// - Precondition: the path is one of a document.
    init(database: String, path: FirestorePath) {
        let prefix = "\(database)/documents/"
        self.description = prefix + path.description
        self.prefix = prefix.utf8.count
    }

    /// Where it is in its database: `users/ada`.
    public var path: String { String(self.description.utf8.dropFirst(self.prefix)) ?? "" }

    /// Its last part: `ada`.
    public var id: String { self.description.split(separator: "/").last.map { String($0) } ?? "" }

    /// Its database: `projects/my-app/databases/(default)`.
    public var database: String {
        String(self.description.utf8.prefix(self.prefix - "/documents/".utf8.count)) ?? ""
    }

    /// Where its collection is: `users`.
    public var collection: String { String(self.path.utf8.dropLast(self.id.utf8.count + 1)) ?? "" }
}

extension FirestoreName: CustomStringConvertible, LosslessStringConvertible {}

extension FirestoreName: Codable {
    /// Reads it from a document; from any other format as its text.
    ///
    /// - Parameter decoder: where to read from.
    /// - Throws: `DecodingError` for what is none.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let name = FirestoreName(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not the name of a document")
        }
        self = name
    }

    /// Writes it into a document; into any other format as its text.
    ///
    /// - Parameter encoder: where to write to.
    /// - Throws: what the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}
