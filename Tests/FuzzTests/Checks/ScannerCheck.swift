// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// A server's text through `JSONScanner`, `JSONValue` and the GraphQL protocol, beside Foundation's JSON decoder.
///
/// The input: messages, one after another, with the byte 1E between them.
enum ScannerCheck {
    static func run(_ input: [UInt8]) throws(Finding) {
        var protocolCheck = ProtocolCheck()
        for part in input.split(separator: 0x1E, omittingEmptySubsequences: false) {
            let bytes = Array(part)
            let trusted = TrustedJSON(bytes)
            let members = try Self.scan(bytes)
            if let trusted {
                try Self.compare(members, trusted, bytes)
                try Self.checkValue(trusted.value)
            }
            try protocolCheck.receive(bytes, trusted, members)
        }
    }

    /// All members, nil where the scanner refuses; whether their ranges can be.
    private static func scan(_ bytes: [UInt8]) throws(Finding) -> [JSONScanner.Member]? {
        let members = Self.members(of: bytes)
        var position = 0
        for member in members ?? [] {
            try require(
                member.key.lowerBound > position && member.value.lowerBound > member.key.upperBound + 1
                    && !member.value.isEmpty && member.value.upperBound < bytes.count,
                "the ranges of \(member) cannot be"
            )
            try require(
                bytes[member.key.lowerBound - 1] == UInt8(ascii: "\"")
                    && bytes[member.key.upperBound] == UInt8(ascii: "\""),
                "the key \(member.key) is not between quotes"
            )
            try require(
                ![bytes[member.value.lowerBound], bytes[member.value.upperBound - 1]].contains { $0 <= 0x20 },
                "the value \(member.value) has white space about it"
            )
            position = member.value.upperBound
        }
        return members
    }

    private static func members(of bytes: [UInt8]) -> [JSONScanner.Member]? {
        bytes.withUnsafeBytes { buffer in
            var members: [JSONScanner.Member] = []
            do throws(JSONScanner.Failure) {
                var scanner = try JSONScanner(buffer)
                while let member = try scanner.next() { members.append(member) }
                return members
            } catch {
                if case .malformed(let offset) = error {
                    precondition(offset <= buffer.count, "an offset past the end")
                }
                return nil
            }
        }
    }

    /// What is an object to the one is the same object to the other.
    private static func compare(
        _ members: [JSONScanner.Member]?,
        _ trusted: TrustedJSON,
        _ bytes: [UInt8]
    ) throws(Finding) {
        guard case .object(let expected)? = trusted.value else {
            try require(trusted.value == nil || members == nil, "what is no object is taken for one")
            // Valid parts make a valid whole, but Foundation has a limit for the depth, and the scanner has none.
            let depth = bytes.count { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "[") }
            guard trusted.value == nil, let members, depth < 500 else { return }
            let areValid = members.allSatisfy { member in
                TrustedJSON.string(bytes[member.key]) != nil && TrustedJSON(Array(bytes[member.value]))?.value != nil
            }
            try require(!areValid, "the scanner takes what is not JSON, and all members are")
            return
        }
        guard let members else {
            throw Finding("the scanner refuses an object")
        }
        var found: [String: JSONValue] = [:]
        for member in members {
            guard let key = TrustedJSON.string(bytes[member.key]) else { throw Finding("a key that is not one") }
            // As Foundation has it: of a key that is given twice the first counts, and the second is not looked at.
            guard found[key] == nil else { continue }
            guard let value = TrustedJSON(Array(bytes[member.value]))?.value else {
                throw Finding("the value of \(key) is not one")
            }
            found[key] = value
        }
        try require(found == expected, "the scanner finds \(found), Foundation \(expected)")
    }

    /// What was read can be written, and is the same then.
    private static func checkValue(_ value: JSONValue?) throws(Finding) {
        guard let value else { return }
        try require(value.isRepresentable, "\(value) was read and cannot be written")
        guard let text = TrustedJSON.text(of: value) else { throw Finding("\(value) cannot be written") }
        let again = TrustedJSON(text)?.value
        try require(
            again.map { TrustedJSON.isSame($0, value) } == true,
            "\(value) came back as \(again.map { "\($0)" } ?? "nothing")"
        )
    }
}
