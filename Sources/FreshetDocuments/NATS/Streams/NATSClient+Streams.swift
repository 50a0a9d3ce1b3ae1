// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

extension NATSClient {
    /// A stream whose messages are JSON. Nothing is asked of the server by this.
    ///
    /// - Parameters:
    ///   - name: of the stream.
    ///   - type: what is in the messages.
    /// - Returns: the stream.
    public func stream<Value: Codable & Sendable>(_ name: String, of type: Value.Type) -> NATSStream<Value> {
        NATSStream(name: name, client: self, coding: .json)
    }

    /// A stream whose messages are coded in another way, such as `.bytes`.
    ///
    /// - Parameters:
    ///   - name: of the stream.
    ///   - coding: how values become bytes, and bytes values.
    /// - Returns: the stream.
    public func stream<Value: Sendable>(_ name: String, coding: DocumentCoding<Value>) -> NATSStream<Value> {
        NATSStream(name: name, client: self, coding: coding)
    }

    /// Makes a stream; nothing happens when it is there with the same configuration already.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - configuration: what it stores.
    /// - Throws: `.conflict` when there is one with another configuration, `.operationFailed` when the server does not allow it,
    ///   `.timeout`, or what ended the connection.
    public func createStream(_ name: String, _ configuration: NATSStreamConfiguration) async throws(FreshetError) {
        try NATSSubject.check(name: name, "the name of a stream")
        _ = try await self.api("STREAM.CREATE.\(name)", configuration.stream(name), as: NATSStreamInfo.self)
    }

    /// What is in a stream.
    ///
    /// - Parameter name: its name.
    /// - Returns: how many messages, and which.
    /// - Throws: `.notFound`, `.timeout`, or what ended the connection.
    public func streamState(_ name: String) async throws(FreshetError) -> NATSStreamState {
        try NATSSubject.check(name: name, "the name of a stream")
        let state = try await self.api("STREAM.INFO.\(name)", as: NATSStreamInfo.self).state
        return NATSStreamState(
            messages: state.messages,
            firstSequence: state.first_seq,
            lastSequence: state.last_seq
        )
    }

    /// Removes messages from a stream. Feeds that have not had them get a gap when they come to it; not of those that are removed from
    /// between others, as with a subject.
    ///
    /// - Parameters:
    ///   - name: the stream's name.
    ///   - subject: only messages of this subject, with `*` and `>`; nil: of all.
    ///   - sequence: only messages before this number; nil: all.
    /// - Throws: `.notFound`, `.outcomeUnknown`, or what ended the connection.
    public func purgeStream(
        _ name: String,
        subject: String? = nil,
        before sequence: UInt64? = nil
    ) async throws(FreshetError) {
        try NATSSubject.check(name: name, "the name of a stream")
        var request: [String: JSONValue] = [:]
        if let subject {
            try NATSSubject.check(subject, "the subject", wildcards: true)
            request["filter"] = .string(subject)
        }
        if let sequence { request["seq"] = .integer(Int64(clamping: sequence)) }
        _ = try await self.api("STREAM.PURGE.\(name)", .object(request), changes: true, as: NATSDone.self)
    }

    /// Deletes a stream with all that is in it.
    ///
    /// - Parameter name: its name.
    /// - Throws: `.notFound`, `.outcomeUnknown`, or what ended the connection.
    public func deleteStream(_ name: String) async throws(FreshetError) {
        try NATSSubject.check(name: name, "the name of a stream")
        _ = try await self.api("STREAM.DELETE.\(name)", changes: true, as: NATSDone.self)
    }
}
