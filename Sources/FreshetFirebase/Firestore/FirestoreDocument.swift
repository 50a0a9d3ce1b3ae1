// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// A document as it was at one moment.
public struct FirestoreDocument: Sendable, Hashable {
    /// Its name, in full.
    public let name: FirestoreName
    /// What is in it.
    public let fields: [String: FirestoreValue]
    /// When it was made.
    public let createTime: FirestoreTimestamp
    /// When it was changed last.
    public let updateTime: FirestoreTimestamp

    /// Makes a document.
    ///
    /// - Parameters:
    ///   - name: its name, in full.
    ///   - fields: what is in it.
    ///   - createTime: when it was made.
    ///   - updateTime: when it was changed last.
    public init(
        name: FirestoreName,
        fields: [String: FirestoreValue],
        createTime: FirestoreTimestamp,
        updateTime: FirestoreTimestamp
    ) {
        self.name = name
        self.fields = fields
        self.createTime = createTime
        self.updateTime = updateTime
    }

    /// The last part of its name.
    public var id: String { self.name.id }

    /// Where it is in its database: `users/ada`.
    public var path: String { self.name.path }

    /// The value of a field; nil where there is none.
    public subscript(path: FirestoreFieldPath) -> FirestoreValue? { self.fields[path] }

    /// The fields as a type of your own.
    ///
    /// - Parameter type: the type.
    /// - Returns: a value of it.
    /// - Throws: `.decoding`, with the field that is not as the type wants it.
    public func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws(FreshetError) -> Value {
        do throws(FreshetError) {
            return try FirestoreValue.map(self.fields).decoded(as: type)
        } catch {
            throw FreshetError(error.kind, "the document \(self.path): \(error.message)", hint: error.hint)
        }
    }
}

extension FirestoreDocument: Codable {
    private enum CodingKeys: String, CodingKey { case name, fields, createTime, updateTime }

    /// Reads JSON of the REST API: a document without fields has no `fields`.
    ///
    /// - Parameter decoder: where to read from.
    /// - Throws: `DecodingError` for what is no document, and where it stops to be one.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try container.decode(FirestoreName.self, forKey: .name),
            fields: try container.decodeIfPresent([String: FirestoreValue].self, forKey: .fields) ?? [:],
            createTime: try container.decode(FirestoreTimestamp.self, forKey: .createTime),
            updateTime: try container.decode(FirestoreTimestamp.self, forKey: .updateTime)
        )
    }
}
