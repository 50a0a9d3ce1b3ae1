// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// A header of the upgrade request.
public struct HTTPHeader: Sendable, Hashable {
    /// The name, as in `Authorization`.
    public let name: String
    /// The value. It may be a secret, so it never appears in a description.
    public let value: String

    /// Makes a header; one that cannot be sent is refused when the client first connects.
    ///
    /// - Parameters:
    ///   - name: a token (RFC 9110 5.1).
    ///   - value: anything on one line.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// Refuses what would change the request's meaning (RFC 9110 5.5).
    ///
    /// - Throws: `.invalidInput` naming the header, never its value.
    package func check() throws(FreshetError) {
        guard Self.isToken(self.name) else {
            throw FreshetError(.invalidInput, "a header has a name that none can have", hint: "-H 'Name: value'")
        }
        guard self.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            throw FreshetError(
                .invalidInput,
                "the value of the header \(self.name) has a line break or control character"
            )
        }
        let name = self.name.lowercased()
        guard !["content-length", "transfer-encoding"].contains(name) else {
            throw FreshetError(.invalidInput, "\(self.name) announces a body, and an upgrade request has none")
        }
        guard !["host", "upgrade", "connection"].contains(name), !name.hasPrefix("sec-websocket-") else {
            throw FreshetError(.invalidInput, "the header \(self.name) is set by the WebSocket handshake itself")
        }
    }

    /// A name of HTTP's (RFC 9110 5.6.2).
    static func isToken(_ text: String) -> Bool {
        let separators = Array("\"(),/:;<=>?@[\\]{}".utf8)
        return !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !separators.contains($0) }
    }

    /// Whether a server's words repeat a part of the value that may be a secret. In bytes: a combining mark makes another
    /// character of the one before it.
    package func isRepeated(in text: String) -> Bool {
        let text = Array(text.utf8)
        return self.value.utf8.split(separator: 0x20).contains { $0.count >= 6 && text.contains($0) }
    }
}

extension HTTPHeader: CustomStringConvertible {
    /// The name alone.
    public var description: String { "\(self.name): …" }
}
