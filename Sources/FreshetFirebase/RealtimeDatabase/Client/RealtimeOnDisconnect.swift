// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// What the server is to do at a place when the connection is gone. There is none of it where there is no WebSocket: it throws
/// `.operationFailed` then.
public struct RealtimeOnDisconnect: Sendable {
    let reference: RealtimeReference

    /// It is to put a value there.
    ///
    /// - Parameter value: the value; ``RealtimeValue/timestamp`` is the time at which the connection is gone.
    /// - Throws: `.forbidden` when the rules deny it, `.outcomeUnknown`, or what ended the connection.
    public func set(_ value: some Encodable & Sendable) async throws(FreshetError) {
        try await self.send(.putOnDisconnect, RealtimeJSON.text(try RealtimeNode.encoded(value)))
    }

    /// It is to change what is at several places below.
    ///
    /// - Parameter values: by the paths that lead there; `.null` takes away what is there.
    /// - Throws: as ``set(_:)``.
    public func update(_ values: [String: JSONValue]) async throws(FreshetError) {
        try await self.send(.mergeOnDisconnect, try RealtimeReference.encoded(values))
    }

    /// It is to take away what is there.
    ///
    /// - Throws: as ``set(_:)``.
    public func delete() async throws(FreshetError) {
        try await self.send(.putOnDisconnect, "null")
    }

    /// It is to do nothing of what was asked for, there and below.
    ///
    /// - Throws: as ``set(_:)``.
    public func cancel() async throws(FreshetError) {
        try await self.send(.cancelOnDisconnect, "null")
    }

    private func send(_ action: RealtimeChange.Action, _ data: String) async throws(FreshetError) {
        try self.reference.check()
        try await self.reference.database.change(RealtimeChange(action, self.reference.target.path, data))
    }
}
