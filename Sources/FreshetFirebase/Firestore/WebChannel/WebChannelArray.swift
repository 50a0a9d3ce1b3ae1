// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// One numbered message of the back channel.
struct WebChannelArray: Sendable {
    enum Content: Sendable {
        /// The answer to the handshake: the session's name, and how often the server says something at least.
        case session(String, keepAlive: Duration?)
        case noop
        /// The server ends the channel, and says so or not why.
        case stop
        case message(Bytes)
    }

    let id: Int
    let content: Content

    /// The arrays of a payload; nil when it has none.
    static func reading(_ payload: Bytes) -> [WebChannelArray]? {
        guard let elements = payload.elements else { return nil }
        var arrays: [WebChannelArray] = []
        arrays.reserveCapacity(elements.count)
        for element in elements {
            guard let parts = element.elements, parts.count >= 2, let id = Int(parts[0].text),
                let content = Self.content(parts[1])
            else { return nil }
            arrays.append(WebChannelArray(id: id, content: content))
        }
        return arrays
    }

    private static func content(_ array: Bytes) -> Content? {
        guard let parts = array.elements, let first = parts.first, first.count > 0 else { return nil }
        switch first[0] {
        // An error may be wrapped once more.
        case UInt8(ascii: "["): return self.content(first)
        case UInt8(ascii: "{"): return .message(first)
        default: break
        }
        guard case .string(let word)? = JSONValue(scalar: first) else { return nil }
        switch word {
        case "noop": return .noop
        case "stop", "close": return .stop
        case "c":
            guard parts.count >= 2, case .string(let session)? = JSONValue(scalar: parts[1]), !session.isEmpty else {
                return nil
            }
            let milliseconds = parts.count >= 6 ? Int(parts[5].text) : nil
            return .session(session, keepAlive: milliseconds.map { .milliseconds($0) })
        // Nothing else is known; it does no harm.
        default: return .noop
        }
    }
}
