// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetDocuments

/// A change of a document that is still to be written, as a state file keeps it.
struct KeptChange: Codable, Equatable {
    /// A document at one version.
    struct Kept: Codable, Equatable {
        let version: String
        let value: Data

        init(_ document: Document<Bytes>) {
            self.version = document.version
            self.value = Data(document.value.array)
        }

        func document(_ key: String) -> Document<Bytes> {
            Document(key: key, version: self.version, value: Bytes(copying: self.value))
        }
    }

    let key: String
    /// Of a removed one.
    let removal: String?
    let isNew: Bool
    let document: Kept?
    let previous: Kept?

    init(_ change: DocumentChange<Bytes>) {
        self.key = change.key
        self.document = change.document.map { Kept($0) }
        self.previous = change.previous.map { Kept($0) }
        self.removal = change.document == nil ? change.version : nil
        self.isNew = if case .added = change { true } else { false }
    }

    var change: DocumentChange<Bytes> {
        let previous = self.previous?.document(self.key)
        guard let document = self.document?.document(self.key) else {
            return .removed(key: self.key, version: self.removal ?? "", previous: previous)
        }
        return self.isNew ? .added(document) : .modified(document, previous: previous)
    }
}
