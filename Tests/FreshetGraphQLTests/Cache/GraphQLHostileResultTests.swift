// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetGraphQL
import Testing

/// Results that no server should send.
struct GraphQLHostileResultTests {
    private static let document = "{ list { __typename id n sub { __typename x } } leaf }"
    private static let good =
        #"{"list":[{"__typename":"T","id":1,"n":1,"sub":{"__typename":"S","x":1}}],"leaf":1}"#

    @Test(
        "A value of the wrong shape is left out, and what was there before stays",
        arguments: [
            #"{"list":5}"#, #"{"list":"x"}"#, #"{"list":true}"#, #"{"list":[5]}"#, #"{"list":[[1],"x"]}"#,
            #"{"list":[{"__typename":"T","id":1,"sub":7}]}"#, #"{"list":[{"__typename":"T","id":1,"sub":[1]}]}"#,
            #"{"list":[{"__typename":"T","id":1,"sub":"x"},{"id":[]}, 3]}"#, "[]", #"{"nothing":{}}"#, "{}",
        ]
    )
    func wrongShape(_ data: String) throws {
        var driver = CacheDriver()
        try driver.write(Self.document, Self.good)
        try driver.write(Self.document, data)
        #expect(try driver.read(Self.document) == Self.good)
    }

    @Test(
        "A value that is possible, but other than before, is read as it came or is missing",
        arguments: [
            (#"{"list":{"__typename":"T","id":1,"n":2}}"#, true), (#"{"list":[[],[null]]}"#, true),
            (#"{"leaf":{"__typename":"T","id":1}}"#, true), (#"{"leaf":[[{}]]}"#, true), (#"{"list":{}}"#, false),
            (#"{"list":[{"id":1}]}"#, false), (#"{"list":[{"__typename":5,"id":1}]}"#, false),
            (#"{"list":[{"__typename":"T:x","id":1}]}"#, false), (#"{"list":[{"__typename":"","id":1}]}"#, false),
            (#"{"list":[{"__typename":"Query.leaf"}]}"#, false),
        ]
    )
    func otherShape(_ data: String, _ isThere: Bool) throws {
        var driver = CacheDriver()
        try driver.write(Self.document, Self.good)
        try driver.write(Self.document, data)
        let read = try driver.read(Self.document)
        #expect((read != nil) == isThere)
        if let read { #expect(throws: Never.self) { try JSONDecoder().decode(JSONValue.self, from: Data(read.utf8)) } }
    }

    @Test("A field that two documents take for different things is missing for one of them")
    func twoMinds() throws {
        var driver = CacheDriver()
        try driver.write("{ f }", #"{"f":{"a":1}}"#)
        #expect(try driver.read("{ f { a } }") == nil)
        try driver.write("{ f { a } }", #"{"f":{"a":1}}"#)
        #expect(try driver.read("{ f }") == nil)
        #expect(try driver.read("{ f { a } }") == #"{"f":{"a":1}}"#)
        try driver.write("{ f { a } }", #"{"f":null}"#)
        #expect(try driver.read("{ f }") == #"{"f":null}"#)
    }

    @Test("An object that has a field twice is readable, and does not grow")
    func twice() throws {
        var driver = CacheDriver()
        let document = "{ a { __typename id n } }"
        let data = #"{"a":{"__typename":"T","id":1,"n":1,"n":2,"id":3,"__typename":"U"},"a":null,"a":{"n":1}}"#
        try driver.write(document, data)
        let bytes = driver.cache.byteCount
        for _ in 0..<10 { try driver.write(document, data) }
        #expect(driver.cache.byteCount == bytes)
        _ = try driver.read(document)
    }

    @Test("An object that contains itself is read as deep as it was asked for")
    func cycle() throws {
        var driver = CacheDriver()
        let document = "{ a { __typename id me { __typename id me { __typename id } } } }"
        let inner = #"{"__typename":"T","id":1}"#
        let data = #"{"a":{"__typename":"T","id":1,"me":{"__typename":"T","id":1,"me":\#(inner)}}}"#
        try driver.write(document, data)
        #expect(try driver.read(document) == data)
    }

    @Test("Brackets in brackets overflow nothing, where they are asked for or not")
    func deep() throws {
        var driver = CacheDriver()
        try driver.write(Self.document, Self.good)
        let count = 100_000
        let brackets = String(repeating: "[", count: count) + String(repeating: "]", count: count)
        let objects = String(repeating: #"{"list":"#, count: count) + "1" + String(repeating: "}", count: count)
        try driver.write(Self.document, #"{"list":\#(brackets),"other":\#(brackets)}"#)
        try driver.write(Self.document, #"{"list":\#(objects)}"#)
        #expect(try driver.read("{ leaf }") == #"{"leaf":1}"#)
        try driver.write(Self.document, #"{"leaf":\#(brackets)}"#)
        #expect(try driver.read("{ leaf }")?.utf8.count == 2 * count + #"{"leaf":}"#.utf8.count)
        #expect(throws: FreshetError.self) { try driver.write(Self.document, String(repeating: "{", count: count)) }
        #expect(throws: FreshetError.self) {
            try driver.write(Self.document, String(repeating: #"{"a":"#, count: count))
        }
    }

    @Test("A server that makes up types without end is not remembered without end")
    func types() throws {
        var driver = CacheDriver(GraphQLCacheConfiguration(byteLimit: 100_000))
        let list = (0..<66_000).map { #"{"__typename":"T\#($0)","id":1}"# }.joined(separator: ",")
        try driver.write("{ list { __typename id } }", #"{"list":[\#(list)]}"#)
        try driver.write("{ a { __typename id } }", #"{"a":{"__typename":"T5","id":1}}"#)
        #expect(try driver.read("{ a { __typename id } }") == #"{"a":{"__typename":"T5","id":1}}"#)
        #expect(driver.cache.byteCount <= 100_000)
    }

    @Test(
        "What is not JSON is refused, and changes nothing",
        arguments: [
            "", " ", "{", "}", #"{"data"}"#, #"{"data":}"#, #"{"data":{"leaf":2}"#, #"{"data":{"leaf":2}}}"#,
            #"{"data":{"leaf":2}} x"#, #"{"data":{"leaf":02}}"#, #"{"data":{"leaf":+2}}"#, #"{"data":{"leaf":2.}}"#,
            #"{"data":{"leaf":.5}}"#, #"{"data":{"leaf":2e}}"#, #"{"data":{"leaf":-}}"#, #"{"data":{"leaf":tru}}"#,
            #"{"data":{"leaf":nul}}"#, #"{"data":{"leaf":NaN}}"#, #"{"data":{"leaf":"x}}"#, #"{"data":{"leaf":"\x"}}"#,
            #"{"data":{"leaf":"\u12g4"}}"#, "{\"data\":{\"leaf\":\"a\nb\"}}", #"{"data":{"leaf":2,}}"#,
            #"{"data":{,"leaf":2}}"#, #"{"data":{"leaf":[2,]}}"#, #"{"data":{"leaf":[2 3]}}"#, #"{"data":{"leaf":[2}}"#,
            #"{"data":{"leaf":2]}"#, #"{"data":{leaf:2}}"#, #"{"data":{"leaf":'2'}}"#, #"{"data":{"leaf":"\"#,
            #"{"data":{"leaf":2}"x":1}"#, #"{"data":{"leaf":truefalse}}"#, "\u{FEFF}{}", #"{"data":{"leaf" 2}}"#,
        ]
    )
    func notJSON(_ payload: String) throws {
        var driver = CacheDriver()
        try driver.write(Self.document, Self.good)
        let error = #expect(throws: FreshetError.self) { try driver.respond(Self.document, payload) }
        #expect(error?.kind == .protocolViolation)
        #expect(try driver.read(Self.document) == Self.good)
    }
}
