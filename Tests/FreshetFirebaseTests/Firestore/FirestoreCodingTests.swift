// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetFirebase
import Testing

/// Types of one's own, to fields and back.
struct FirestoreCodingTests {
    enum Rank: String, Codable { case high, low }

    struct Address: Codable, Equatable {
        var city: String
        var zip: Int?
    }

    struct User: Codable, Equatable {
        var name: String
        var age: Int8
        var big: Int64
        var score: Double
        var ratio: Float
        var isAdmin: Bool
        var born: Date
        var seen: FirestoreTimestamp
        var photo: Data
        var place: FirestoreGeoPoint
        var friend: FirestoreName
        var embedding: FirestoreVector
        var page: URL
        var rank: Rank
        var id: UUID
        var address: Address
        var tags: [String]
        var older: [Address]
        var counts: [String: Int]
        var anything: FirestoreValue
        var nickname: String?
    }

    static let user = User(
        name: "Ada",
        age: -7,
        big: 9_007_199_254_740_993,
        score: .infinity,
        ratio: 0.5,
        isAdmin: true,
        born: Date(timeIntervalSince1970: -4_880_000_000.25),
        seen: .at("1970-01-01T00:00:05.123456789Z"),
        photo: Data([1, 2, 255]),
        place: .at(-1, 180),
        friend: .sample("users/bob"),
        embedding: [1, 2],
        page: .sample("https://example.com/a?b=c"),
        rank: .low,
        id: UUID(uuid: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)),
        address: Address(city: "London", zip: nil),
        tags: ["a", "b"],
        older: [Address(city: "X", zip: 1), Address(city: "Y", zip: nil)],
        counts: ["a.b": 1],
        anything: ["mixed": [1, "two", nil]],
        nickname: nil
    )

    @Test("Each property becomes the kind of value that it is, and is read again")
    func roundTrip() throws {
        let value = try FirestoreValue(encoding: Self.user)
        #expect(
            value == [
                "name": "Ada", "age": -7, "big": 9_007_199_254_740_993, "score": .double(.infinity), "ratio": 0.5,
                "isAdmin": true, "born": .timestamp(.at("1815-05-12T12:26:39.750Z")),
                "seen": .timestamp(.at("1970-01-01T00:00:05.123456789Z")), "photo": .bytes(Data([1, 2, 255])),
                "place": .geoPoint(.at(-1, 180)), "friend": .reference(.sample("users/bob")),
                "embedding": .vector([1, 2]), "page": "https://example.com/a?b=c", "rank": "low",
                "id": "01020304-0506-0708-090A-0B0C0D0E0F10", "address": ["city": "London"], "tags": ["a", "b"],
                "older": [["city": "X", "zip": 1], ["city": "Y"]],
                "counts": ["a.b": 1], "anything": ["mixed": [1, "two", nil]],
            ]
        )
        #expect(try value.decoded(as: User.self) == Self.user)
        // By the wire as well.
        let json = try JSONEncoder().encode(value)
        #expect(try JSONDecoder().decode(FirestoreValue.self, from: json).decoded(as: User.self) == Self.user)
    }

    class Base: Codable { var a = 1 }
    final class Derived: Base {
        var b = 2
        private enum CodingKeys: String, CodingKey { case b }
        override init() { super.init() }
        required init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            self.b = try container.decode(Int.self, forKey: .b)
            try super.init(from: try container.superDecoder())
        }
        override func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(self.b, forKey: .b)
            try super.encode(to: container.superEncoder())
        }
    }

    /// Flat on the wire, two levels in Swift.
    struct Nested: Codable, Equatable {
        var x: Int
        var list: [Int]
        enum Outer: String, CodingKey { case inner, list }
        enum Inner: String, CodingKey { case x }
        init(x: Int, list: [Int]) { (self.x, self.list) = (x, list) }
        init(from decoder: any Decoder) throws {
            let outer = try decoder.container(keyedBy: Outer.self)
            self.x = try outer.nestedContainer(keyedBy: Inner.self, forKey: .inner).decode(Int.self, forKey: .x)
            var list = try outer.nestedUnkeyedContainer(forKey: .list)
            self.list = []
            while !list.isAtEnd { self.list.append(try list.decodeNil() ? -1 : try list.decode(Int.self)) }
        }
        func encode(to encoder: any Encoder) throws {
            var outer = encoder.container(keyedBy: Outer.self)
            var inner = outer.nestedContainer(keyedBy: Inner.self, forKey: .inner)
            try inner.encode(self.x, forKey: .x)
            var list = outer.nestedUnkeyedContainer(forKey: .list)
            for value in self.list {
                if value < 0 { try list.encodeNil() } else { try list.encode(value) }
            }
        }
    }

    enum Shape: Codable, Equatable {
        case circle(radius: Double)
        case point
    }

    @Test("Superclasses, nested containers and enumerations with values")
    func structures() throws {
        let derived = try FirestoreValue(encoding: Derived())
        #expect(derived == ["b": 2, "super": ["a": 1]])
        let read = try derived.decoded(as: Derived.self)
        #expect(read.a == 1 && read.b == 2)
        let nested = Nested(x: 3, list: [1, -1, 2])
        #expect(try FirestoreValue(encoding: nested) == ["inner": ["x": 3], "list": [1, nil, 2]])
        #expect(try FirestoreValue(encoding: nested).decoded(as: Nested.self) == nested)
        let shapes = [Shape.circle(radius: 1.5), .point]
        #expect(try FirestoreValue(encoding: shapes) == [["circle": ["radius": 1.5]], ["point": [:]]])
        #expect(try FirestoreValue(encoding: shapes).decoded(as: [Shape].self) == shapes)
        #expect(try FirestoreValue(encoding: [Int?.none, 1]) == [nil, 1])
        #expect(try FirestoreValue.array([nil, 1]).decoded(as: [Int?].self) == [nil, 1])
    }

    @Test("Numbers are taken for one another where nothing is lost")
    func numbers() throws {
        #expect(try FirestoreValue.integer(3).decoded(as: Double.self) == 3)
        #expect(try FirestoreValue.double(3).decoded(as: Int.self) == 3)
        #expect(try FirestoreValue.double(-0.0).decoded(as: UInt8.self) == 0)
        for value: FirestoreValue in [256, -1, 1.5, .double(.nan), 1e30, "1", true] {
            let error = #expect(throws: FreshetError.self) { try value.decoded(as: UInt8.self) }
            #expect(error?.kind == .decoding)
        }
        #expect(throws: FreshetError.self) {
            try FirestoreValue.integer(9_007_199_254_740_993).decoded(as: Double.self)
        }
        #expect(throws: FreshetError.self) { try FirestoreValue.boolean(true).decoded(as: Int.self) }
        #expect(throws: FreshetError.self) { try FirestoreValue.integer(1).decoded(as: Bool.self) }
    }

    private func message(_ value: FirestoreValue) throws -> String {
        do throws(FreshetError) {
            _ = try value.decoded(as: User.self)
            Issue.record("it was decoded")
            return ""
        } catch {
            #expect(error.kind == .decoding)
            return error.message
        }
    }

    @Test("The place of a field that is not as the type wants it is named, its value never")
    func places() throws {
        guard case .map(var fields) = try FirestoreValue(encoding: Self.user) else { return }
        func broken(_ key: String, _ value: FirestoreValue?) throws -> String {
            var broken = fields
            broken[key] = value
            return try self.message(.map(broken))
        }
        #expect(try broken("name", nil).hasSuffix("it has no field name"))
        #expect(try broken("name", 1).hasSuffix(".name is not String"))
        #expect(try broken("name", .null).hasSuffix(".name is null, not String"))
        #expect(try broken("older", [["city": "X"], ["city": 5]]).hasSuffix(".older[1].city is not String"))
        #expect(try broken("older", ["x"]).contains(".older[0] is not "))
        #expect(try broken("born", "secret").hasSuffix(".born is not Date"))
        #expect(try !broken("born", "secret").contains("secret"))
        #expect(try broken("page", "").contains(".page is not URL"))
        fields["age"] = 1000
        #expect(try self.message(.map(fields)).hasSuffix(".age is not readable"))
    }

    private func refusal(of value: some Encodable) -> String {
        let error = #expect(throws: FreshetError.self) { try FirestoreValue(encoding: value) }
        #expect(error?.kind == .invalidInput)
        return error?.message ?? ""
    }

    @Test("What Firestore has no value for is refused, with its place")
    func refusedValues() throws {
        struct Bad: Encodable {
            var list: [[Int]] = []
            var number: UInt64 = 0
            var date = Date(timeIntervalSince1970: 0)
        }
        #expect(self.refusal(of: Bad(list: [[1], [2]])).contains(".list[0] is an array directly in an array"))
        #expect(self.refusal(of: Bad(number: .max)).contains(".number is larger than"))
        #expect(self.refusal(of: Bad(date: Date(timeIntervalSince1970: 1e11 * 9))).contains(".date is beyond"))
        #expect(self.refusal(of: ["a": ["b": Bad(number: .max)]]).contains(".a.b.number is larger"))
        #expect(
            try FirestoreValue(encoding: Bad()) == [
                "list": [], "number": 0, "date": .timestamp(.at("1970-01-01T00:00:00Z")),
            ]
        )
    }
}
