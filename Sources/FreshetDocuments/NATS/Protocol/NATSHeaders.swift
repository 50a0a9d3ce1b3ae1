// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// The headers of a message: `NATS/1.0`, perhaps a status, then fields as in HTTP.
package struct NATSHeaders: Sendable, Hashable {
    package struct Field: Sendable, Hashable {
        package let name: String
        package let value: String
    }

    /// What the server says by it: 100 is a word between the server and the client, 404 and 503 are answers.
    package var status: Int?
    package var description = ""
    package var fields: [Field] = []

    package init(_ fields: KeyValuePairs<String, String> = [:]) {
        self.fields = fields.map { Field(name: $0.key, value: $0.value) }
    }

    package init?(parsing bytes: Bytes) {
        // A whole block of headers is small: this is text to be looked at once.
        var lines = bytes.text.split(separator: "\r\n", omittingEmptySubsequences: true)[...]
        guard let first = lines.popFirst(), first.hasPrefix("NATS/1.0") else { return nil }
        let words = first.dropFirst("NATS/1.0".count).split(separator: " ", maxSplits: 1)
        if let word = words.first {
            guard let status = Int(word) else { return nil }
            self.status = status
            self.description = words.count > 1 ? String(words[1]) : ""
        }
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            self.fields.append(Field(name: String(line[..<colon]), value: String(value)))
        }
    }

    /// The first field of this name. Names of NATS headers have one spelling, but proxies and older servers differ in case.
    package subscript(name: String) -> String? {
        self.fields.first { $0.name == name || $0.name.lowercased() == name.lowercased() }?.value
    }

    /// Whether no field can end its line, and so become another one.
    package var isClean: Bool {
        self.fields.allSatisfy { field in
            !field.name.isEmpty && field.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3A }
                && field.value.utf8.allSatisfy { $0 != 0x0D && $0 != 0x0A }
        }
    }

    /// As it is sent.
    package var encoded: [UInt8] {
        var text = "NATS/1.0\r\n"
        for field in self.fields { text += "\(field.name): \(field.value)\r\n" }
        return Array((text + "\r\n").utf8)
    }
}
