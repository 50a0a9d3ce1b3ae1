// SPDX-License-Identifier: Apache-2.0

/// White space of JSON, changed without touching the values: numbers keep their digits, keys their order.
enum JSONText {
    /// On one line, without needless space.
    static func compact(_ json: some Sequence<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        Self.walk(json) { byte, _, inString in
            if inString || byte > 0x20 { out.append(byte) }
        }
        return out
    }

    /// Indented by two spaces.
    static func indented(_ json: some Sequence<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        var previous: UInt8 = 0
        func newLine(_ depth: Int) { out += [0x0A] + [UInt8](repeating: 0x20, count: min(max(depth, 0), 64) * 2) }
        Self.walk(Self.compact(json)) { byte, depth, inString in
            let opened = previous == UInt8(ascii: "{") || previous == UInt8(ascii: "[")
            let closes = !inString && (byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]"))
            if opened, !closes { newLine(depth) }
            if closes, !opened { newLine(depth - 1) }
            out.append(byte)
            if !inString, byte == UInt8(ascii: ",") { newLine(depth) }
            if !inString, byte == UInt8(ascii: ":") { out.append(0x20) }
            previous = inString ? 0 : byte
        }
        return out
    }

    /// The same JSON, with the control characters that a string may hold and a terminal may obey written as `\u00XX`.
    static func escapingControls(_ json: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(json.count)
        for byte in json {
            if byte == 0x7F {
                out += Array("\\u007f".utf8)
            } else if (0x80...0x9F).contains(byte), out.last == 0xC2 {
                out.removeLast()
                out += Array("\\u00\(String(byte, radix: 16))".utf8)
            } else {
                out.append(byte)
            }
        }
        return out
    }

    /// Calls `visit` with each byte, the depth it stands at (an opening bracket outside of its own), and whether it
    /// belongs to a string, quotes included.
    private static func walk(_ json: some Sequence<UInt8>, visit: (UInt8, Int, Bool) -> Void) {
        var depth = 0
        var inString = false
        var escaped = false
        for byte in json {
            if inString {
                visit(byte, depth, true)
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte
                    == UInt8(ascii: "\"")
                {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                inString = true
                visit(byte, depth, true)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                visit(byte, depth, false)
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                visit(byte, depth, false)
                depth -= 1
            default:
                visit(byte, depth, false)
            }
        }
    }
}
