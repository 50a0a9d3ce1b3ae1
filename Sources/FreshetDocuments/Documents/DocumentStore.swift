// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// Documents at one source, read and written in the same words whatever the source is.
///
/// Writes are sent once: where the connection breaks before the answer comes they throw `.outcomeUnknown`.
public protocol DocumentStore<Value>: Sendable {
    /// What the documents are decoded as.
    associatedtype Value: Sendable

    /// Reads a document.
    ///
    /// - Parameter key: its name.
    /// - Returns: the document.
    /// - Throws: `.notFound`, `.decoding`, or why there was no answer.
    func get(_ key: String) async throws(FreshetError) -> Document<Value>

    /// Reads all documents, as they were at one moment.
    ///
    /// - Returns: the documents, and from where a watch goes on after them.
    /// - Throws: `.decoding`, or why there was no answer.
    func list() async throws(FreshetError) -> DocumentSnapshot<Value>

    /// Makes a document that is not there yet.
    ///
    /// - Parameters:
    ///   - key: its name.
    ///   - value: what is in it.
    /// - Returns: its version.
    /// - Throws: `.conflict` when it is there, `.outcomeUnknown`, or why it could not be written.
    @discardableResult
    func create(_ key: String, _ value: Value) async throws(FreshetError) -> String

    /// Writes a document, whether or not it is there.
    ///
    /// - Parameters:
    ///   - key: its name.
    ///   - value: what is in it.
    /// - Returns: its version.
    /// - Throws: `.outcomeUnknown`, or why it could not be written.
    @discardableResult
    func put(_ key: String, _ value: Value) async throws(FreshetError) -> String

    /// Writes a document if it is still of a version (compare and set).
    ///
    /// - Parameters:
    ///   - key: its name.
    ///   - value: what is in it.
    ///   - version: the version.
    /// - Returns: its new version.
    /// - Throws: `.conflict` when it is of another version or gone, `.outcomeUnknown`, or why it could not be written.
    @discardableResult
    func update(_ key: String, _ value: Value, ifVersion version: String) async throws(FreshetError) -> String

    /// Removes a document.
    ///
    /// - Parameters:
    ///   - key: its name.
    ///   - version: only if it is still of this version; nil: whatever it is.
    /// - Throws: `.notFound`, `.conflict`, `.outcomeUnknown`, or why it could not be removed.
    func delete(_ key: String, ifVersion version: String?) async throws(FreshetError)
}

extension DocumentStore {
    /// Removes a document, whatever its version.
    ///
    /// - Parameter key: its name.
    /// - Throws: `.notFound`, `.outcomeUnknown`, or why it could not be removed.
    public func delete(_ key: String) async throws(FreshetError) {
        try await self.delete(key, ifVersion: nil)
    }
}
