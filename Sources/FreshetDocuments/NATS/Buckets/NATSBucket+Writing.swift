// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

extension NATSBucket {
    /// Writes a document, whether or not it is there.
    ///
    /// - Parameters:
    ///   - key: its key.
    ///   - value: what it is to be.
    /// - Returns: its new version.
    /// - Throws: `.outcomeUnknown` when the connection broke before the server's word came: it is not sent again;
    ///   `.messageTooLarge`, `.operationFailed` when the bucket is full, or what ended the connection.
    @discardableResult
    public func put(_ key: String, _ value: Value) async throws(FreshetError) -> String {
        try await self.write(key, value)
    }

    /// Writes a document that is not there.
    ///
    /// - Parameters:
    ///   - key: its key.
    ///   - value: what it is to be.
    /// - Returns: its version.
    /// - Throws: `.conflict` with the version of the one that is there; else as ``put(_:_:)``.
    @discardableResult
    public func create(_ key: String, _ value: Value) async throws(FreshetError) -> String {
        do throws(FreshetError) {
            return try await self.write(key, value, after: "0")
        } catch {
            guard case .conflict = error.kind else { throw error }
            let entry = try await self.entry(of: key)
            guard entry.operation != .put else { throw Self.exists(key, entry.version) }
            // What is there is the mark of its deletion.
            return try await self.write(key, value, after: entry.version)
        }
    }

    private static func exists(_ key: String, _ version: String) -> FreshetError {
        FreshetError(.conflict(version: version), "\(key) is there already, with version \(version)")
    }

    /// Writes a document if it still has the version that you know.
    ///
    /// - Parameters:
    ///   - key: its key.
    ///   - value: what it is to be.
    ///   - version: the version that it must have now.
    /// - Returns: its new version.
    /// - Throws: `.conflict` with its present version when that is another one, `.notFound` when it is not there; else as
    ///   ``put(_:_:)``.
    @discardableResult
    public func update(_ key: String, _ value: Value, ifVersion version: String) async throws(FreshetError) -> String {
        do throws(FreshetError) {
            return try await self.write(key, value, after: version)
        } catch {
            guard case .conflict = error.kind else { throw error }
            throw try await self.conflict(key, version)
        }
    }

    /// Why a write on condition was refused, as it is now.
    private func conflict(_ key: String, _ version: String) async throws(FreshetError) -> FreshetError {
        let now = try await self.entry(of: key)
        guard now.operation == .put else { return Self.missing(key) }
        return FreshetError(
            .conflict(version: now.version),
            "\(key) has version \(now.version), not \(version)",
            hint: "get it again, and make the change to that"
        )
    }

    /// Deletes a document. The bucket keeps the mark of it, and as much of what was there before as its history has room for.
    ///
    /// - Parameters:
    ///   - key: its key.
    ///   - version: the version that it must have now; nil: any.
    /// - Throws: `.notFound`, `.conflict` with its present version when that is another one; else as ``put(_:_:)``.
    public func delete(_ key: String, ifVersion version: String? = nil) async throws(FreshetError) {
        try await self.remove(key, ["KV-Operation": "DEL"], version)
    }

    /// Deletes a document and all that it was before. The bucket keeps the mark of it.
    ///
    /// - Parameters:
    ///   - key: its key.
    ///   - version: the version that it must have now; nil: any.
    /// - Throws: as ``delete(_:ifVersion:)``.
    public func purge(_ key: String, ifVersion version: String? = nil) async throws(FreshetError) {
        try await self.remove(key, ["KV-Operation": "PURGE", "Nats-Rollup": "sub"], version)
    }

    private func remove(
        _ key: String,
        _ headers: KeyValuePairs<String, String>,
        _ version: String?
    ) async throws(FreshetError) {
        let now = try await self.entry(of: key)
        guard now.operation == .put else { throw Self.missing(key) }
        if let version, version != now.version { throw try await self.conflict(key, version) }
        do throws(FreshetError) {
            try await self.store(key, NATSHeaders(headers), [], after: version)
        } catch {
            guard case .conflict = error.kind, let version else { throw error }
            throw try await self.conflict(key, version)
        }
    }

    private func write(_ key: String, _ value: Value, after version: String? = nil) async throws(FreshetError) -> String
    {
        try await self.store(key, NATSHeaders(), try self.coding.encode(value).array, after: version)
    }

    @discardableResult
    private func store(
        _ key: String,
        _ headers: NATSHeaders,
        _ value: [UInt8],
        after version: String?
    ) async throws(FreshetError) -> String {
        var headers = headers
        if let version {
            guard UInt64(version) != nil else {
                throw FreshetError(.invalidInput, "no version of a bucket is \"\(version.prefix(40))\"")
            }
            headers.fields.append(NATSHeaders.Field(name: "Nats-Expected-Last-Subject-Sequence", value: version))
        }
        let call = NATSCall(
            subject: try self.subject(of: key),
            headers: headers,
            value: value,
            isRepeatable: false
        )
        return String(try await self.client.store(call).seq)
    }
}
