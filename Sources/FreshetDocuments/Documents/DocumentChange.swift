// SPDX-License-Identifier: Apache-2.0

/// What has become of one document.
public enum DocumentChange<Value: Sendable>: Sendable {
    /// It is new.
    case added(Document<Value>)
    /// It has another value; `previous` is what it was before, where that is known.
    case modified(Document<Value>, previous: Document<Value>?)
    /// It is gone; `version` is that of its removal, or the last one that is known where a list does not have it any more;
    /// `previous` is what it was before, where that is known.
    case removed(key: String, version: String, previous: Document<Value>?)

    /// Which document.
    public var key: String {
        switch self {
        case .added(let document), .modified(let document, _): document.key
        case .removed(let key, _, _): key
        }
    }

    /// The version that it has now; of a removed one, that of its removal.
    public var version: String {
        switch self {
        case .added(let document), .modified(let document, _): document.version
        case .removed(_, let version, _): version
        }
    }

    /// The document as it is now; nil when it is gone.
    public var document: Document<Value>? {
        switch self {
        case .added(let document), .modified(let document, _): document
        case .removed: nil
        }
    }

    /// What it was before, where that is known.
    public var previous: Document<Value>? {
        switch self {
        case .added: nil
        case .modified(_, let previous), .removed(_, _, let previous): previous
        }
    }
}

extension DocumentChange: Equatable where Value: Equatable {}
