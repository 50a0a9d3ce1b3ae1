// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// As JSON of the REST API: an object with one member, whose name is the kind.
extension FirestoreValue: Codable {
    private enum Kind: String, CodingKey {
        case nullValue, booleanValue, integerValue, doubleValue, timestampValue, stringValue, bytesValue, referenceValue
        case geoPointValue, arrayValue, mapValue
    }

    private struct ArrayValue: Codable { var values: [FirestoreValue]? }
    private struct MapValue: Codable { var fields: [String: FirestoreValue]? }

    /// Reads it from a document; from any other format as JSON of the REST API.
    ///
    /// - Parameter decoder: where to read from.
    /// - Throws: `DecodingError` for what is no value, and where it stops to be one.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Kind.self)
        // Kinds that are not known here are none of these keys.
        guard container.allKeys.count == 1, let kind = container.allKeys.first else {
            let context = DecodingError.Context(
                codingPath: decoder.codingPath,
                debugDescription: "not a value with one known kind"
            )
            throw DecodingError.dataCorrupted(context)
        }
        switch kind {
        case .nullValue: self = .null
        case .booleanValue: self = .boolean(try container.decode(Bool.self, forKey: kind))
        case .integerValue: self = .integer(try Self.integer(container))
        case .doubleValue: self = .double(try Self.double(container))
        case .timestampValue: self = .timestamp(try container.decode(FirestoreTimestamp.self, forKey: kind))
        case .stringValue: self = .string(try container.decode(String.self, forKey: kind))
        case .bytesValue: self = .bytes(try Self.bytes(container))
        case .referenceValue: self = .reference(try container.decode(FirestoreName.self, forKey: kind))
        case .geoPointValue: self = .geoPoint(try container.decode(FirestoreGeoPoint.self, forKey: kind))
        case .arrayValue: self = .array(try container.decode(ArrayValue.self, forKey: kind).values ?? [])
        case .mapValue:
            let fields = try container.decode(MapValue.self, forKey: kind).fields ?? [:]
            self = FirestoreVector(fields: fields).map { .vector($0) } ?? .map(fields)
        }
    }

    /// As a text, so that no bit is lost; a number is read too.
    private static func integer(_ container: KeyedDecodingContainer<Kind>) throws -> Int64 {
        guard let text = try? container.decode(String.self, forKey: .integerValue) else {
            return try container.decode(Int64.self, forKey: .integerValue)
        }
        guard let value = Int64(text) else {
            throw DecodingError.dataCorruptedError(
                forKey: .integerValue,
                in: container,
                debugDescription: "not an integer of 64 bits"
            )
        }
        return value
    }

    /// What JSON has no number for stands as a text.
    private static func double(_ container: KeyedDecodingContainer<Kind>) throws -> Double {
        guard let text = try? container.decode(String.self, forKey: .doubleValue) else {
            return try container.decode(Double.self, forKey: .doubleValue)
        }
        switch text {
        case "NaN": return .nan
        case "Infinity": return .infinity
        case "-Infinity": return -.infinity
        default:
            guard let value = Double(text), value.isFinite else {
                throw DecodingError.dataCorruptedError(
                    forKey: .doubleValue,
                    in: container,
                    debugDescription: "not a number"
                )
            }
            return value
        }
    }

    /// Base64, in either alphabet, with or without padding: so Protocol Buffers read it.
    private static func bytes(_ container: KeyedDecodingContainer<Kind>) throws -> Data {
        let text = try container.decode(String.self, forKey: .bytesValue)
        var standard = text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: byte
            }
        }
        if standard.last != UInt8(ascii: "=") {
            standard += [UInt8](repeating: UInt8(ascii: "="), count: (4 - standard.count % 4) % 4)
        }
        guard let data = Data(base64Encoded: Data(standard)) else {
            throw DecodingError.dataCorruptedError(forKey: .bytesValue, in: container, debugDescription: "not base64")
        }
        return data
    }

    /// Writes it into a document; into any other format as JSON of the REST API.
    ///
    /// - Parameter encoder: where to write to.
    /// - Throws: what the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Kind.self)
        switch self {
        case .null: try container.encodeNil(forKey: .nullValue)
        case .boolean(let value): try container.encode(value, forKey: .booleanValue)
        case .integer(let value): try container.encode(String(value), forKey: .integerValue)
        case .double(let value): try Self.encode(value, &container)
        case .timestamp(let value): try container.encode(value.description, forKey: .timestampValue)
        case .string(let value): try container.encode(value, forKey: .stringValue)
        case .bytes(let value): try container.encode(value.base64EncodedString(), forKey: .bytesValue)
        case .reference(let value): try container.encode(value.description, forKey: .referenceValue)
        case .geoPoint(let value): try container.encode(value, forKey: .geoPointValue)
        case .array(let values): try container.encode(ArrayValue(values: values), forKey: .arrayValue)
        case .map(let fields): try container.encode(MapValue(fields: fields), forKey: .mapValue)
        case .vector(let vector): try container.encode(MapValue(fields: vector.fields), forKey: .mapValue)
        }
    }

    private static func encode(_ value: Double, _ container: inout KeyedEncodingContainer<Kind>) throws {
        if value.isNaN {
            try container.encode("NaN", forKey: .doubleValue)
        } else if value.isInfinite {
            try container.encode(value > 0 ? "Infinity" : "-Infinity", forKey: .doubleValue)
        } else if value == 0, value.sign == .minus {
            // A JSON number loses the sign on many ways.
            try container.encode("-0", forKey: .doubleValue)
        } else {
            try container.encode(value, forKey: .doubleValue)
        }
    }
}

/// On the wire a vector is a map with a mark.
extension FirestoreVector {
    fileprivate init?(fields: [String: FirestoreValue]) {
        guard fields.count == 2, fields["__type__"] == .string("__vector__"), case .array(let values)? = fields["value"]
        else { return nil }
        var elements: [Double] = []
        for value in values {
            guard case .double(let number) = value else { return nil }
            elements.append(number)
        }
        self.init(elements)
    }

    fileprivate var fields: [String: FirestoreValue] {
        ["__type__": "__vector__", "value": .array(self.elements.map { .double($0) })]
    }
}
