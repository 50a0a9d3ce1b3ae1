// SPDX-License-Identifier: Apache-2.0

/// The way to a member of a JSON object, as in `tick.symbol`.
public struct JSONPath: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The keys from the outermost object to the member.
    public let keys: [String]

    /// Makes a path.
    ///
    /// - Parameter text: the keys, with dots between them.
    public init(_ text: String) {
        self.init(keys: text.split(separator: ".").map(String.init))
    }

    /// Makes a path of keys that may contain dots.
    ///
    /// - Parameter keys: from the outermost object to the member.
    public init(keys: [String]) {
        self.keys = keys
    }

    /// Makes a path from its text.
    public init(stringLiteral text: String) {
        self.init(text)
    }

    /// The same below another key.
    package func below(_ key: String) -> JSONPath { JSONPath(keys: [key] + self.keys) }

    /// The value there, not parsed; nil where there is none, or the text on the way is not JSON.
    package func find(in json: Bytes) -> Bytes? {
        var value = json
        for key in self.keys {
            guard let next = Self.member(key, of: value) else { return nil }
            value = next
        }
        return value
    }

    private static func member(_ key: String, of json: Bytes) -> Bytes? {
        json.withBytes { bytes in
            guard var scanner = try? JSONScanner(bytes) else { return nil }
            while let member = try? scanner.next() {
                let name = UnsafeRawBufferPointer(rebasing: bytes[member.key])
                if name.elementsEqual(key.utf8) { return json[member.value] }
            }
            return nil
        }
    }
}
