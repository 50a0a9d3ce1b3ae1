// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Reads the server's documents where they are as they mostly are: `JSONDecoder` takes several times as long, and there are many in a
/// watch. What is rare (escapes, bytes, places, vectors) or wrong is nil here, for the decoder to read, or to say what is wrong.
enum FirestoreReader {
    /// Deeper than any document may be.
    private static let depth = 32

    static func document(_ json: Bytes) -> FirestoreDocument? {
        json.withBytes { try? Self.document($0) } ?? nil
    }

    private static func document(_ bytes: UnsafeRawBufferPointer) throws(JSONScanner.Failure) -> FirestoreDocument? {
        var (name, created, updated): (FirestoreName?, FirestoreTimestamp?, FirestoreTimestamp?)
        var fields: [String: FirestoreValue]? = [:]
        var scanner = try JSONScanner(bytes)
        while let member = try scanner.next() {
            let value = UnsafeRawBufferPointer(rebasing: bytes[member.value])
            switch Self.plain(bytes[member.key]) {
            case "name": name = Self.text(value).flatMap { FirestoreName($0) }
            case "createTime": created = Self.text(value).flatMap { FirestoreTimestamp($0) }
            case "updateTime": updated = Self.text(value).flatMap { FirestoreTimestamp($0) }
            case "fields": fields = try Self.fields(value, depth: 0)
            default: return nil
            }
        }
        guard let name, let fields, let created, let updated else { return nil }
        return FirestoreDocument(name: name, fields: fields, createTime: created, updateTime: updated)
    }

    private static func fields(
        _ bytes: UnsafeRawBufferPointer,
        depth: Int
    ) throws(JSONScanner.Failure) -> [String: FirestoreValue]? {
        var fields: [String: FirestoreValue] = [:]
        var scanner = try JSONScanner(bytes)
        while let member = try scanner.next() {
            guard let name = Self.plain(bytes[member.key]),
                let value = try Self.value(UnsafeRawBufferPointer(rebasing: bytes[member.value]), depth: depth),
                fields.updateValue(value, forKey: name) == nil
            else { return nil }
        }
        return fields
    }

    private static func value(
        _ bytes: UnsafeRawBufferPointer,
        depth: Int
    ) throws(JSONScanner.Failure) -> FirestoreValue? {
        var scanner = try JSONScanner(bytes)
        guard depth < Self.depth, let member = try scanner.next(), try scanner.next() == nil else { return nil }
        let value = UnsafeRawBufferPointer(rebasing: bytes[member.value])
        switch Self.plain(bytes[member.key]) {
        case "nullValue": return value.elementsEqual("null".utf8) ? .null : nil
        case "booleanValue":
            if value.elementsEqual("true".utf8) { return .boolean(true) }
            return value.elementsEqual("false".utf8) ? .boolean(false) : nil
        case "integerValue": return Self.text(value).flatMap { Int64($0) }.map { .integer($0) }
        case "stringValue": return Self.text(value).map { .string($0) }
        case "timestampValue": return Self.text(value).flatMap { FirestoreTimestamp($0) }.map { .timestamp($0) }
        case "referenceValue": return Self.text(value).flatMap { FirestoreName($0) }.map { .reference($0) }
        case "arrayValue":
            guard let values = try Self.only("values", of: value) else { return value.isEmptyObject ? .array([]) : nil }
            var elements: [FirestoreValue] = []
            var scanner = try JSONScanner(array: values)
            while let range = try scanner.nextElement() {
                let element = UnsafeRawBufferPointer(rebasing: values[range])
                guard let element = try Self.value(element, depth: depth + 1) else { return nil }
                elements.append(element)
            }
            return .array(elements)
        case "mapValue":
            guard let inner = try Self.only("fields", of: value) else { return value.isEmptyObject ? .map([:]) : nil }
            guard let fields = try Self.fields(inner, depth: depth + 1), fields["__type__"] == nil else { return nil }
            return .map(fields)
        default: return nil
        }
    }

    /// The value of the one member that an object has; nil where it has another one, or not one.
    private static func only(
        _ name: StaticString,
        of bytes: UnsafeRawBufferPointer
    ) throws(JSONScanner.Failure) -> UnsafeRawBufferPointer? {
        var scanner = try JSONScanner(bytes)
        guard let member = try scanner.next(), try scanner.next() == nil,
            Self.plain(bytes[member.key]) == name.description
        else { return nil }
        return UnsafeRawBufferPointer(rebasing: bytes[member.value])
    }

    private static func text(_ value: UnsafeRawBufferPointer) -> String? {
        guard value.count >= 2, value.first == UInt8(ascii: "\""), value.last == UInt8(ascii: "\"") else { return nil }
        return Self.plain(value[1..<value.count - 1])
    }

    /// A string without its quotes; nil where it has escapes, or what JSON does not allow.
    private static func plain(_ bytes: Slice<UnsafeRawBufferPointer>) -> String? {
        guard !bytes.contains(where: { $0 == UInt8(ascii: "\\") || $0 < 0x20 }) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension UnsafeRawBufferPointer {
    fileprivate var isEmptyObject: Bool { self.elementsEqual("{}".utf8) }
}
