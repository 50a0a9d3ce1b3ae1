// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// One write of a commit.
package struct FirestoreWrite: Sendable, Hashable {
    enum Operation: Hashable {
        /// Writes the fields of the mask; without one all fields, and what is not given goes.
        case update([String: FirestoreValue], mask: [FirestoreFieldPath]?)
        case delete
        /// Changes nothing, and wants the precondition to hold.
        case verify
    }

    package let name: FirestoreName
    let operation: Operation
    var transforms: [FirestoreFieldPath: FirestoreTransform] = [:]
    var precondition: FirestorePrecondition?

    /// Writes a document anew, or merges fields into it.
    ///
    /// - Throws: `.invalidInput` for a field within another one.
    static func set(
        _ name: FirestoreName,
        _ fields: [String: FirestoreValue],
        merge: FirestoreMerge,
        transforms: [FirestoreFieldPath: FirestoreTransform],
        precondition: FirestorePrecondition? = nil
    ) throws(FreshetError) -> FirestoreWrite {
        let mask: [FirestoreFieldPath]? =
            switch merge {
            case .none: nil
            case .all: Self.leaves(of: fields, below: [])
            case .fields(let paths): paths
            }
        try Self.check(mask ?? [])
        try Self.check(Array(transforms.keys))
        return FirestoreWrite(
            name: name,
            operation: .update(fields, mask: mask),
            transforms: transforms,
            precondition: precondition
        )
    }

    /// Changes fields of a document that is there.
    ///
    /// - Throws: `.invalidInput` for no fields, or for one within another.
    static func update(
        _ name: FirestoreName,
        _ updates: [FirestoreFieldPath: FirestoreFieldUpdate],
        precondition: FirestorePrecondition? = nil
    ) throws(FreshetError) -> FirestoreWrite {
        try Self.check(Array(updates.keys))
        var fields: [String: FirestoreValue] = [:]
        var mask: [FirestoreFieldPath] = []
        var transforms: [FirestoreFieldPath: FirestoreTransform] = [:]
        for (path, update) in updates {
            switch update {
            case .set(let value):
                fields[path] = value
                mask.append(path)
            case .delete: mask.append(path)
            case .transform(let transform): transforms[path] = transform
            }
        }
        return FirestoreWrite(
            name: name,
            operation: .update(fields, mask: mask),
            transforms: transforms,
            precondition: precondition ?? .exists(true)
        )
    }

    /// The fields that have no fields: maps are merged, and everything else is replaced.
    private static func leaves(of fields: [String: FirestoreValue], below path: [String]) -> [FirestoreFieldPath] {
        fields.flatMap { key, value -> [FirestoreFieldPath] in
            guard case .map(let members) = value, !members.isEmpty else { return [FirestoreFieldPath(path + [key])] }
            return Self.leaves(of: members, below: path + [key])
        }
    }

    private static func check(_ paths: [FirestoreFieldPath]) throws(FreshetError) {
        // A path comes right before what is within it.
        let sorted = paths.sorted { $0.names.lexicographicallyPrecedes($1.names) }
        for (path, next) in zip(sorted, sorted.dropFirst()) where next.isWithin(path) {
            throw FreshetError(
                .invalidInput,
                "the fields \(path) and \(next) are written at once, and one is within the other",
                hint: "write the outer one whole, or the inner ones alone"
            )
        }
        if let path = sorted.first(where: { $0.names.isEmpty || $0.names.contains("") }) {
            throw FreshetError(.invalidInput, "a name is missing in the field path \(path)", hint: "write it as a.b")
        }
    }
}

// MARK: - JSON

extension FirestoreWrite: Encodable {
    private struct Document: Encodable { let name: FirestoreName, fields: [String: FirestoreValue] }
    private struct Mask: Encodable { let fieldPaths: [String] }
    private enum CodingKeys: String, CodingKey {
        case update, updateMask, updateTransforms, delete, verify, currentDocument
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self.operation {
        case .update(let fields, let mask):
            try container.encode(Document(name: self.name, fields: fields), forKey: .update)
            if let mask {
                try container.encode(Mask(fieldPaths: mask.map(\.description).sorted()), forKey: .updateMask)
            }
        case .delete: try container.encode(self.name, forKey: .delete)
        case .verify: try container.encode(self.name, forKey: .verify)
        }
        if !self.transforms.isEmpty {
            try container.encode(self.orderedTransforms.map { $1.json($0) }, forKey: .updateTransforms)
        }
        try container.encodeIfPresent(self.precondition, forKey: .currentDocument)
    }

    /// In an order that is always the same: the server's results come in it.
    private var orderedTransforms: [(FirestoreFieldPath, FirestoreTransform)] {
        self.transforms.sorted { $0.key.description < $1.key.description }.map { ($0.key, $0.value) }
    }

    /// The fields that the server made something of.
    var transformedFields: [FirestoreFieldPath] { self.orderedTransforms.map(\.0) }
}
