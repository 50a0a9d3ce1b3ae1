// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// Reading etcd's JSON without decoding it: members that are zero, false or empty are left out, 64-bit numbers are text.
enum EtcdJSON {
    /// Calls `body` with each member of an object, as far as it can be read.
    ///
    /// - Parameters:
    ///   - json: the object.
    ///   - body: gets the key and the value; true ends it.
    /// - Returns: whether it was one, or was ended by `body`.
    static func members(of json: Bytes, _ body: (_ key: UnsafeRawBufferPointer, _ value: Bytes) -> Bool) -> Bool {
        json.withBytes { bytes in
            do throws(JSONScanner.Failure) {
                var scanner = try JSONScanner(bytes)
                while let member = try scanner.next() {
                    if body(UnsafeRawBufferPointer(rebasing: bytes[member.key]), json[member.value]) { return true }
                }
                return true
            } catch {
                return false
            }
        }
    }

    /// One member of an object; nothing after it is looked at.
    static func member(_ name: StaticString, of json: Bytes) -> Bytes? {
        var found: Bytes?
        _ = self.members(of: json) { key, value in
            if Self.equal(key, name) { found = value }
            return found != nil
        }
        return found
    }

    static func equal(_ key: UnsafeRawBufferPointer, _ name: StaticString) -> Bool {
        name.withUTF8Buffer { key.elementsEqual($0) }
    }

    /// A 64-bit number, which is text most often.
    static func integer(_ json: Bytes) -> Int64? {
        json.withBytes { bytes in
            var digits = bytes[...]
            if digits.first == UInt8(ascii: "\""), digits.count >= 2 { digits = digits.dropFirst().dropLast() }
            let isNegative = digits.first == UInt8(ascii: "-")
            if isNegative { digits = digits.dropFirst() }
            guard !digits.isEmpty else { return nil }
            var value: Int64 = 0
            for digit in digits {
                guard (0x30...0x39).contains(digit) else { return nil }
                let (product, overflows) = value.multipliedReportingOverflow(by: 10)
                let (sum, overflowsToo) = product.addingReportingOverflow(Int64(digit - 0x30))
                guard !overflows, !overflowsToo else { return nil }
                value = sum
            }
            return isNegative ? -value : value
        }
    }

    /// The bytes of a text in base64; nil when it is none.
    static func base64(_ json: Bytes) -> Data? {
        guard json.count >= 2, json[0] == UInt8(ascii: "\"") else { return nil }
        return json[1..<json.count - 1].withBytes { Data(base64Encoded: Data($0)) }
    }

    /// What a text says; nil when it is none.
    static func text(_ json: Bytes) -> String? {
        guard json.count >= 2, json[0] == UInt8(ascii: "\"") else { return nil }
        if case .string(let text)? = JSONValue(scalar: json) { return text }
        return nil
    }

    static func isTrue(_ json: Bytes) -> Bool { json.elementsEqual("true") }
}

extension JSONValue {
    /// Bytes in base64.
    static func base64(_ bytes: some Collection<UInt8>) -> JSONValue {
        .string(Data(bytes).base64EncodedString())
    }

    /// As a message, or the body of a request.
    var encoded: Bytes {
        // It is made of texts, numbers and truths, so it can be written.
        (try? JSONEncoder().encode(self)).map { Bytes(copying: $0) } ?? Bytes(copying: [])
    }
}
