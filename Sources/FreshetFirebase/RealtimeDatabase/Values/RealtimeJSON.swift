// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// JSON as the server writes it, and for it. Whole numbers stay exact, and nothing nests deeper than the stack allows.
package enum RealtimeJSON {
    /// The server's own limit is 32 keys.
    static let depthLimit = 128

    /// Reads a value; nil where it is not JSON, or nests too deep. `depth` is how deep it lies itself: so many keys lead to it.
    package static func value(_ json: Bytes, below depth: Int = 0) -> JSONValue? {
        let trimmed = Self.trimmed(json)
        guard trimmed.count > 0 else { return nil }
        if Self.isNested(trimmed[0]) { return Self.value(trimmed, depth: depth) }
        // The scanner knows where a value within something ends.
        let wrapped = Bytes(copying: [UInt8(ascii: "[")] + trimmed.array + [UInt8(ascii: "]")])
        guard case .array(let elements)? = Self.value(wrapped, depth: depth), elements.count == 1 else { return nil }
        return elements[0]
    }

    private static func isNested(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") }

    private static func trimmed(_ json: Bytes) -> Bytes {
        json.withBytes { bytes in
            let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
            let first = bytes.firstIndex { !isSpace($0) } ?? bytes.count
            let last = bytes.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? first
            return json[first..<last]
        }
    }

    private static func value(_ json: Bytes, depth: Int) -> JSONValue? {
        guard depth < Self.depthLimit, json.count > 0 else { return nil }
        switch json[0] {
        case UInt8(ascii: "{"):
            guard let members = Self.members(json) else { return nil }
            var object: [String: JSONValue] = [:]
            object.reserveCapacity(members.count)
            for (key, member) in members {
                guard let value = Self.value(member, depth: depth + 1) else { return nil }
                object[key] = value
            }
            return .object(object)
        case UInt8(ascii: "["):
            guard let elements = Self.elements(json) else { return nil }
            var array: [JSONValue] = []
            array.reserveCapacity(elements.count)
            for element in elements {
                guard let value = Self.value(element, depth: depth + 1) else { return nil }
                array.append(value)
            }
            return .array(array)
        case UInt8(ascii: "\""): return Self.string(json).map { .string($0) }
        default: return Self.word(json)
        }
    }

    private static func word(_ json: Bytes) -> JSONValue? {
        if json.elementsEqual("null") { return .null }
        if json.elementsEqual("true") { return .bool(true) }
        if json.elementsEqual("false") { return .bool(false) }
        let isNumber = json.withBytes { bytes in
            bytes.allSatisfy { (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }
        }
        guard isNumber, json[0] != UInt8(ascii: "+") else { return nil }
        let text = json.text
        if let whole = Int64(text), text != "-0" { return .integer(whole) }
        return Double(text).flatMap { $0.isFinite ? .number($0) : nil }
    }

    /// The members of an object, in order; nil where it is none.
    package static func members(_ json: Bytes) -> [(key: String, value: Bytes)]? {
        json.withBytes { bytes in
            guard var scanner = try? JSONScanner(bytes) else { return nil }
            var members: [(key: String, value: Bytes)] = []
            do throws(JSONScanner.Failure) {
                while let member = try scanner.next() {
                    // With its quotes.
                    let quoted = json[member.key.lowerBound - 1..<member.key.upperBound + 1]
                    guard let key = Self.string(quoted) else { return nil }
                    members.append((key, json[member.value]))
                }
            } catch {
                return nil
            }
            return members
        }
    }

    private static func elements(_ json: Bytes) -> [Bytes]? {
        json.withBytes { bytes in
            guard var scanner = try? JSONScanner(array: bytes) else { return nil }
            var elements: [Bytes] = []
            do throws(JSONScanner.Failure) {
                while let element = try scanner.nextElement() { elements.append(json[element]) }
            } catch {
                return nil
            }
            return elements
        }
    }

    /// The text of a JSON string; nil of something else.
    package static func string(_ json: Bytes) -> String? {
        guard json.count >= 2, json[0] == UInt8(ascii: "\""), case .string(let text)? = JSONValue(scalar: json) else {
            return nil
        }
        return text
    }

    // MARK: - Writing

    /// A value in its shortest form, with its members in the order of their names.
    package static func text(_ value: JSONValue) -> String {
        var text = ""
        Self.write(value, to: &text)
        return text
    }

    package static func bytes(_ value: JSONValue) -> [UInt8] { Array(Self.text(value).utf8) }

    private static func write(_ value: JSONValue, to text: inout String) {
        switch value {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        // JSON has no text for the others; who writes them has been told so.
        case .number(let value): text += value.isFinite ? String(value) : "null"
        case .string(let value): Self.write(value, to: &text)
        case .array(let elements):
            text += "["
            for (place, element) in elements.enumerated() {
                if place > 0 { text += "," }
                Self.write(element, to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (place, key) in members.keys.sorted().enumerated() {
                if place > 0 { text += "," }
                Self.write(key, to: &text)
                text += ":"
                Self.write(members[key] ?? .null, to: &text)
            }
            text += "}"
        }
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
