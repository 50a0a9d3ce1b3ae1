// SPDX-License-Identifier: Apache-2.0

/// What has become of one document, as its source sent it.
public enum RawChange: Sendable {
    /// It was written. `isNew`: whether it was made by this, where the source says so; `previous`: what it was before, where the
    /// source says that.
    case put(RawDocument, isNew: Bool? = nil, previous: RawDocument? = nil)
    /// It was removed; `version` is that of its removal.
    case delete(key: String, version: String, previous: RawDocument? = nil)
}
