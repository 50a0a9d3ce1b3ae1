// SPDX-License-Identifier: Apache-2.0

/// What must hold of a document for it to be written; otherwise nothing of the commit is written.
public enum FirestorePrecondition: Sendable, Hashable {
    /// It is there, or it is not.
    case exists(Bool)
    /// It is there, and was changed last at this time.
    case updatedAt(FirestoreTimestamp)
}

extension FirestorePrecondition: Encodable {
    private enum CodingKeys: String, CodingKey { case exists, updateTime }

    /// Writes JSON of the REST API.
    ///
    /// - Parameter encoder: where to write to.
    /// - Throws: what the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .exists(let exists): try container.encode(exists, forKey: .exists)
        case .updatedAt(let time): try container.encode(time.description, forKey: .updateTime)
        }
    }
}
