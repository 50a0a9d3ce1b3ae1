// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// A whole message (RFC 6455 5.6).
public struct WebSocketMessage: Sendable {
    /// What a message carries.
    @frozen
    public enum Kind: Sendable {
        /// Text, which has been checked to be UTF-8.
        case text
        /// Bytes of any kind.
        case binary
    }

    /// What the message carries.
    public let kind: Kind

    /// The bytes where they lie, without a copy.
    public let payload: Bytes

    /// Makes a message.
    ///
    /// - Parameters:
    ///   - kind: what it carries.
    ///   - payload: the bytes; of text, UTF-8.
    @inlinable
    public init(_ kind: Kind, _ payload: Bytes) {
        self.kind = kind
        self.payload = payload
    }

    /// Makes a text message.
    ///
    /// - Parameter text: the text.
    public init(text: String) {
        self.init(.text, Bytes(copying: text.utf8))
    }

    /// The length in bytes.
    @inlinable public var count: Int { self.payload.count }

    /// A copy of the bytes.
    public var bytes: [UInt8] { self.payload.array }

    /// The bytes as text. In a binary message, what is not UTF-8 is replaced.
    public var text: String { self.payload.text }

    /// Calls `body` with the bytes where they lie, without a copy.
    ///
    /// - Parameter body: gets the bytes, which are valid during the call only.
    /// - Returns: what `body` returned.
    /// - Throws: what `body` threw.
    public func withBytes<Result, E: Error>(_ body: (RawSpan) throws(E) -> Result) throws(E) -> Result {
        try unsafe self.payload.withBytes { bytes throws(E) in try unsafe body(bytes.bytes) }
    }
}

extension WebSocketMessage: CustomStringConvertible {
    /// The kind and the length, not the content.
    public var description: String { "\(self.kind) message of \(self.count) bytes" }
}
