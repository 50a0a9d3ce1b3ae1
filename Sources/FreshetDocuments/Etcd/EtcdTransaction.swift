// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// Several changes that happen together, or not at all.
///
/// ```swift
/// var transfer = EtcdTransaction()
/// transfer.require("accounts/a", version: account.version)
/// try transfer.put("accounts/a", poorer)
/// try transfer.put("accounts/b", richer)
/// let version = try await etcd.commit(transfer)
/// ```
///
/// A watch hands them out as one update. etcd takes 128 changes in one by default, each key once.
public struct EtcdTransaction: Sendable {
    struct Condition: Sendable {
        let key: String
        /// Nil: it must not be there.
        let version: String?
    }

    enum Change: Sendable {
        case put(key: String, Bytes)
        case delete(key: String)
    }

    private(set) var conditions: [Condition] = []
    private(set) var changes: [Change] = []

    /// Makes a transaction without changes.
    public init() {}

    /// Makes it depend on a document's version.
    ///
    /// - Parameters:
    ///   - key: the document's key.
    ///   - version: what it must have when the transaction is committed.
    public mutating func require(_ key: String, version: String) {
        self.conditions.append(Condition(key: key, version: version))
    }

    /// Makes it depend on a document's absence.
    ///
    /// - Parameter key: the key that must not be there when the transaction is committed.
    public mutating func requireAbsence(of key: String) {
        self.conditions.append(Condition(key: key, version: nil))
    }

    /// Writes a document, whether or not it is there.
    ///
    /// - Parameters:
    ///   - key: its key.
    ///   - value: what it is to be.
    ///   - coding: how it is written.
    /// - Throws: `.invalidInput` when the value cannot be written.
    public mutating func put<Value: Sendable>(
        _ key: String,
        _ value: Value,
        coding: DocumentCoding<Value>
    ) throws(FreshetError) {
        self.changes.append(.put(key: key, try coding.encode(value)))
    }

    /// Writes a document as JSON, whether or not it is there.
    ///
    /// - Parameters:
    ///   - key: its key.
    ///   - value: what it is to be.
    /// - Throws: `.invalidInput` when the value has no JSON.
    public mutating func put<Value: Codable & Sendable>(_ key: String, _ value: Value) throws(FreshetError) {
        try self.put(key, value, coding: .json)
    }

    /// Removes a document; one that is not there is none the worse for it.
    ///
    /// - Parameter key: its key.
    public mutating func delete(_ key: String) {
        self.changes.append(.delete(key: key))
    }
}

extension EtcdClient {
    /// Carries a transaction out.
    ///
    /// - Parameter transaction: what is to change, and on what conditions.
    /// - Returns: the version that all documents have that were written.
    /// - Throws: `.conflict` when a condition does not hold, with the version that the document has instead, nil for none;
    ///   `.messageTooLarge`; `.outcomeUnknown` when the answer did not come: it is not sent again.
    @discardableResult
    public func commit(_ transaction: EtcdTransaction) async throws(FreshetError) -> String {
        try await EtcdStore(http: try self.http).commit(transaction)
    }
}
