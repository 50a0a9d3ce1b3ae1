// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// What Foundation's decoder makes of a text.
struct TrustedJSON {
    /// Nil when it is not JSON.
    let value: JSONValue?

    /// Nil when there is nothing to compare: the bytes are not UTF-8, might be taken for another encoding, or are JSON to
    /// Foundation only.
    init?(_ bytes: [UInt8]) {
        guard String(validating: bytes, as: UTF8.self) != nil, !bytes.starts(with: [0xEF, 0xBB, 0xBF]),
            !bytes.prefix(4).contains(0), !Self.isLenient(about: bytes)
        else { return nil }
        self.value = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))
    }

    /// What a JSON string says, given without its quotes.
    static func string(_ bytes: ArraySlice<UInt8>) -> String? {
        let quote = [UInt8(ascii: "\"")]
        guard case .string(let text)? = TrustedJSON(quote + bytes + quote)?.value else { return nil }
        return text
    }

    /// Whether two values are the same; 1e17 may be read as an integer or as another number.
    static func isSame(_ one: JSONValue, _ other: JSONValue) -> Bool {
        switch (one, other) {
        case (.integer(let integer), .number(let number)), (.number(let number), .integer(let integer)):
            Double(integer) == number
        case (.array(let one), .array(let other)):
            one.count == other.count && zip(one, other).allSatisfy(Self.isSame)
        case (.object(let one), .object(let other)):
            one.count == other.count
                && one.allSatisfy { key, value in other[key].map { Self.isSame($0, value) } == true }
        default: one == other
        }
    }

    static func text(of value: JSONValue) -> [UInt8]? {
        (try? JSONEncoder().encode(value)).map { Array($0) }
    }

    /// Whether Foundation may take what JSON does not have: a comma after the last member, a control character in a string.
    private static func isLenient(about bytes: [UInt8]) -> Bool {
        let dense = bytes.filter { $0 > 0x20 }
        let hasTrailingComma = zip(dense, dense.dropFirst()).contains {
            $0 == UInt8(ascii: ",") && [UInt8(ascii: "]"), UInt8(ascii: "}")].contains($1)
        }
        var isInString = false
        var isEscaped = false
        return hasTrailingComma
            || bytes.contains { byte in
                defer {
                    if byte == UInt8(ascii: "\""), !isEscaped { isInString.toggle() }
                    isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
                }
                return isInString && byte < 0x20
            }
    }
}
