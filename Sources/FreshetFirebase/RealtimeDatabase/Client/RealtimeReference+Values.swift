// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

extension RealtimeReference {
    /// What is there now; of a query, the children that it is about.
    ///
    /// - Parameter type: what it is decoded as.
    /// - Returns: the value; nil when nothing is there.
    /// - Throws: `.forbidden` when the rules deny it, `.decoding`, `.timeout`, or what ended the connection.
    public func get<Value: Decodable & Sendable>(
        as type: Value.Type = Value.self
    ) async throws(FreshetError) -> Value? {
        try self.check()
        return try await self.database.node(at: self.target).decoded(as: type, at: self.path)
    }

    /// Puts a value there, in place of everything that is there.
    ///
    /// - Parameter value: the value: anything `Encodable`; a ``FreshetCore/JSONValue`` may have values of ``RealtimeValue`` in it.
    /// - Throws: `.forbidden` when the rules deny it, `.invalidInput` for keys that cannot be, `.outcomeUnknown` when the connection broke
    ///   before the answer came: it is not sent again; or what ended the connection.
    public func set(_ value: some Encodable & Sendable) async throws(FreshetError) {
        try await self.put(try RealtimeNode.encoded(value))
    }

    /// Changes what is at several places below at once: all of it or nothing.
    ///
    /// - Parameter values: by the paths that lead there from here, as in `["name": "Ada", "tags/7": true]`; `.null` takes away what is there.
    /// - Throws: as ``set(_:)``.
    public func update(_ values: [String: JSONValue]) async throws(FreshetError) {
        try self.check()
        try await self.database.change(RealtimeChange(.merge, self.target.path, try Self.encoded(values)))
    }

    /// Puts a value at a place below with a new key, which comes after those that are there.
    ///
    /// - Parameter value: the value.
    /// - Returns: the place.
    /// - Throws: as ``set(_:)``.
    @discardableResult
    public func push(_ value: some Encodable & Sendable) async throws(FreshetError) -> RealtimeReference {
        let child = self.newChild()
        try await child.set(value)
        return child
    }

    /// Takes away what is there.
    ///
    /// - Throws: as ``set(_:)``.
    public func delete() async throws(FreshetError) {
        try await self.put(.null)
    }

    /// Puts there what a function makes of what is there: read, and written if nobody has changed it meanwhile; otherwise once more.
    ///
    /// - Parameters:
    ///   - type: what it is decoded as.
    ///   - change: makes the new value of the present one, which is nil when nothing is there; nil takes it away. It may be called
    ///     several times. What it throws is thrown, and nothing is written.
    /// - Returns: the new value.
    /// - Throws: `.conflict` when others were faster each time; else as ``get(as:)`` and ``set(_:)``.
    @discardableResult
    public func transaction<Value: Codable & Sendable>(
        of type: Value.Type = Value.self,
        _ change: (Value?) throws(FreshetError) -> Value?
    ) async throws(FreshetError) -> Value? {
        try self.check()
        let place = RealtimeTarget(self.target.path)
        for _ in 0..<max(self.database.configuration.transactionAttempts, 1) {
            let node = try await self.database.node(at: place)
            let value = try change(try node.decoded(as: type, at: self.path))
            let json: JSONValue = if let value { try RealtimeNode.encoded(value) } else { .null }
            do throws(FreshetError) {
                try await self.put(json, ifHash: node.hash)
                return value
            } catch {
                guard case .conflict = error.kind else { throw error }
            }
        }
        throw FreshetError(
            .conflict(version: nil),
            "others have changed \(self.target.path.text) each time that the transaction was tried"
        )
    }

    func put(_ value: JSONValue, ifHash hash: String? = nil) async throws(FreshetError) {
        try self.check()
        let change = RealtimeChange(.put, self.target.path, RealtimeJSON.text(value), ifHash: hash)
        try await self.database.change(change)
    }

    static func encoded(_ values: [String: JSONValue]) throws(FreshetError) -> String {
        guard !values.isEmpty else { throw FreshetError(.invalidInput, "nothing is to be updated") }
        for (path, value) in values {
            let keys = RealtimePath(path)
            guard !keys.keys.isEmpty else { throw FreshetError(.invalidInput, "an update has a path without keys") }
            try keys.check()
            try RealtimeValue.check(value)
        }
        return RealtimeJSON.text(.object(values))
    }

    // MARK: - When the connection is gone

    /// What the server is to do when this connection is gone, however that comes about: for presence.
    ///
    /// It knows of it as long as the connection lives: ask for it again whenever ``RealtimeDatabase/connected`` is true again.
    public var onDisconnect: RealtimeOnDisconnect { RealtimeOnDisconnect(reference: self) }
}
