// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

@testable import FreshetFirebase

/// What is at a place of a Realtime Database, as a value.
struct RealtimeNodeTests {
    private static func node(_ json: String) throws -> RealtimeNode {
        RealtimeNode(try #require(RealtimeJSON.value(Bytes(copying: json.utf8))))
    }

    // MARK: - Hashes: the ones that the official clients check against their server

    @Test("The hash of a value is the server's: whole numbers, fractions, texts, booleans, children")
    func hashes() throws {
        let node = try Self.node(#"{"intNode":4,"doubleNode":4.5623,"stringNode":"hey guys","boolNode":true}"#)
        #expect(node.children["intNode"]?.hash == "eVih19a6ZDz3NL32uVBtg9KSgQY=")
        #expect(node.children["doubleNode"]?.hash == "vf1CL0tIRwXXunHcG/irRECk3lY=")
        #expect(node.children["stringNode"]?.hash == "CUNLXWpCVoJE6z7z1vE57lGaKAU=")
        #expect(node.children["boolNode"]?.hash == "E5z61QM0lN/U2WsOnusszCTkR8M=")
        #expect(node.hash == "6Mc4jFmNdrLVIlJJjz2/MakTK9I=")
        #expect(RealtimeNode().hash.isEmpty)
    }

    @Test("So it is with priorities that are texts and numbers")
    func hashesWithPriorities() throws {
        let texts = try Self.node(#"{"root":{"c":{".value":99,".priority":"abc"},".priority":"def"}}"#)
        #expect(texts.hash == "Fm6tzN4CVEu5WxFDZUdTtqbTVaA=")
        let numbers = try Self.node(#"{"root":{"c":{".value":99,".priority":42},".priority":3.14}}"#)
        #expect(numbers.hash == "B15QCqrzCxrI5zz1y00arWqFRFg=")
    }

    @Test("So it is with the largest numbers, and letters of every kind")
    func hashesOfOddities() throws {
        let node = try Self.node(
            #"{"a":-1.7976931348623157e+308,"b":1.7976931348623157e+308,"c":"unicode ✔ 🐵 🌴 x͢","#
                + #""d":3.141592653589793,"e":{".value":12345678901234568,".priority":"🐵"},"✔":"foo",".priority":"✔"}"#
        )
        #expect(node.children["a"]?.hash == "7HxgOBDEC92uQwhCuuvKA2rbXDA=")
        #expect(node.children["b"]?.hash == "8R+ekVQmxs6ZWP0fdzFHxVeGnWo=")
        #expect(node.children["c"]?.hash == "JoKoFUnbmg3/DlY70KaDWslfYPk=")
        #expect(node.children["d"]?.hash == "Y41iC5+92GIqXfabOm33EanRI8s=")
        #expect(node.children["e"]?.hash == "+E+Mxlqh5MhT+On05bjsZ6JaaxI=")
        #expect(node.children["✔"]?.hash == "MRRL/+aA/uibaL//jghUpxXS/uY=")
        #expect(node.hash == "CyC0OU8GSkOAKnsPjheWtWC0Yxo=")
    }

    @Test("A map that is numbered has the hash of an array")
    func hashOfArray() throws {
        #expect(try Self.node("[7,2,3]").hash == Self.node(#"{"0":7,"1":2,"2":3}"#).hash)
        #expect(try Self.node("[1]").children["0"]?.hash == "YPVfR2bXt/lcDjiQZ8pOkAd3qkQ=")
    }

    // MARK: - JSON

    @Test("Whole numbers of 64 bits are exact, and 1.0 is 1")
    func numbers() throws {
        #expect(try Self.node("9007199254740993").json == .integer(9_007_199_254_740_993))
        #expect(try Self.node("1.0") == Self.node("1"))
        #expect(try Self.node("1e3").json == .integer(1000))
        #expect(RealtimeJSON.text(try Self.node("1e300").json) == "1e+300")
        #expect(RealtimeJSON.text(try Self.node("-0").json) == "-0.0")
    }

    @Test("Children with few holes are an array with nulls; with more holes, or with zeros in front, they are not")
    func arrays() throws {
        #expect(try Self.node(#"{"0":"a","2":"c"}"#).json == ["a", nil, "c"])
        #expect(try Self.node(#"["a",null,"c"]"#).json == ["a", nil, "c"])
        #expect(try Self.node(#"{"0":"a","5":"c"}"#).json == ["0": "a", "5": "c"])
        #expect(try Self.node(#"{"3":1,"03":2}"#).json == ["3": 1, "03": 2])
        #expect(try Self.node("[null,null]").isEmpty)
    }

    @Test("What is exported can be read again, priorities and all; what a user sees has none")
    func exported() throws {
        let text = #"{"0":{".priority":"p",".value":1},"1":{".priority":2,"a":true}}"#
        let node = try Self.node(text)
        #expect(RealtimeJSON.text(node.exported) == text)
        #expect(node.json == [1, ["a": true]])
        #expect(try Self.node(#"{".value":null,".priority":3}"#).isEmpty)
    }

    @Test(
        "What is not JSON is nothing, however it is cut",
        arguments: [
            "", " ", "{", "}", "[1,", #"{"a":}"#, "nul", "+1", "0x1", "inf", "nan", #""a"#, "1 2", #"{"a":1} x"#,
            "1e999",
            String(repeating: "[", count: 100_000),
            String(repeating: "[", count: 200) + String(repeating: "]", count: 200),
        ]
    )
    func notJSON(_ text: String) {
        #expect(RealtimeJSON.value(Bytes(copying: text.utf8)) == nil)
    }

    @Test("Every beginning of a JSON text is no JSON, and none of them traps")
    func cut() {
        let text = Array(#"{"a":[1,-2.5e3,"b\"\u00e9漢😀\ud83d\ude00",{"c":null}],".priority":true}"#.utf8)
        for count in 0..<text.count { #expect(RealtimeJSON.value(Bytes(copying: text.prefix(count))) == nil) }
        #expect(RealtimeJSON.value(Bytes(copying: text)) != nil)
    }

    @Test("Texts are written so that they are read again")
    func texts() {
        let odd = "a\"\\/\n\r\t\u{0}\u{1F}é漢😀"
        let text = RealtimeJSON.text(.string(odd))
        #expect(text == #""a\"\\/\n\r\t\u0000\u001fé漢😀""#)
        #expect(RealtimeJSON.value(Bytes(copying: text.utf8)) == .string(odd))
    }

    // MARK: - Changing

    @Test("Something at a place makes the way there; nothing takes away what is empty then")
    func changed() throws {
        var node = RealtimeNode()
        node.set(try Self.node("1"), at: ["a", "b", "c"])
        #expect(node.json == ["a": ["b": ["c": 1]]])
        node.set(try Self.node("2"), at: ["a", "d"])
        node.set(RealtimeNode(), at: ["a", "b", "c"])
        #expect(node.json == ["a": ["d": 2]])
        node.set(RealtimeNode(), at: ["a", "d"])
        #expect(node.isEmpty)
    }

    @Test("A value stays when nothing is put below it, and goes when something is")
    func belowAValue() throws {
        var node = try Self.node(#"{".value":"v",".priority":7}"#)
        node.set(RealtimeNode(), at: ["a", "b"])
        #expect(node.json == "v")
        node.set(try Self.node("1"), at: ["a"])
        #expect(RealtimeJSON.text(node.exported) == #"{".priority":7,"a":1}"#)
        node.set(try Self.node("8"), at: [".priority"])
        #expect(node.priority == .integer(8))
        node.set(RealtimeNode(), at: [".priority"])
        #expect(node.priority == nil)
    }

    @Test("Any one change, made to a tree and read back, is where it was put")
    func anyChange() throws {
        var random = SeededPlaces(seed: 4)
        var node = RealtimeNode()
        var expected: [String: Int64] = [:]
        for step in 0..<2000 {
            // All of the same depth: none lies below another.
            let path = (0..<3).map { _ in "k\(random.next(4))" }
            let removes = random.next(3) == 0
            node.set(removes ? RealtimeNode() : RealtimeNode(.integer(Int64(step))), at: path[...])
            expected[path.joined(separator: "/")] = removes ? nil : Int64(step)
        }
        var found: [String: Int64] = [:]
        for (a, first) in node.children {
            for (b, second) in first.children {
                for (c, third) in second.children {
                    guard case .integer(let value)? = third.leaf else { continue }
                    found["\(a)/\(b)/\(c)"] = value
                }
            }
        }
        #expect(found == expected)
    }
}

/// Chance that is the same each time.
private struct SeededPlaces {
    var state: UInt64
    init(seed: UInt64) { self.state = seed }

    mutating func next(_ limit: Int) -> Int {
        self.state = self.state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(self.state >> 33) % limit
    }
}
