// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL
import Testing

struct GraphQLCacheTests {
    private static let item = "{ item { __typename id name } }"

    @Test("What is read is what was written, byte for byte")
    func roundTrip() throws {
        var driver = CacheDriver()
        let document = "{ item { __typename id text number big list custom flag nothing child { __typename x } } }"
        let data =
            #"{"item":{"__typename":"Item","id":"1","text":"a\"\u00e9é\/\\","number":1.50e+3,"#
            + #""big":123456789012345678901234567890,"list":[1,[2],"x"],"custom":{"b":1,"a":[ {} ]},"flag":true,"#
            + #""nothing":null,"child":{"__typename":"Child","x":-0.0}}}"#
        try driver.write(document, data)
        #expect(try driver.read(document) == data)
    }

    @Test("White space between the values does not matter, and unknown members are left out")
    func spaces() throws {
        var driver = CacheDriver()
        let payload =
            " { \"extensions\" : {\"data\":1} , \"data\" : {\n \"item\" :\t{ \"other\" : [ {} ] , "
            + "\"name\" : \"x\" , \"id\" : 1 , \"__typename\" : \"Item\" } } } \n"
        #expect(try driver.respond(Self.item, payload) == keys("Item:1", "Query.item"))
        #expect(try driver.read(Self.item) == #"{"item":{"__typename":"Item","id":1,"name":"x"}}"#)
    }

    @Test("What one query says of an object, another shows")
    func merge() throws {
        var driver = CacheDriver()
        try driver.write(Self.item, #"{"item":{"__typename":"Item","id":"1","name":"old"}}"#)
        let list = "{ items { __typename id price name } }"
        let changed = try driver.write(
            list,
            #"{"items":[{"__typename":"Item","id":"1","price":5,"name":"new"},{"__typename":"Item","id":"2","price":6,"name":"b"}]}"#
        )
        #expect(changed == keys("Item:1", "Item:2", "Query.items"))
        #expect(try driver.read(Self.item) == #"{"item":{"__typename":"Item","id":"1","name":"new"}}"#)
        #expect(
            try driver.read("{ item { price id } }") == #"{"item":{"price":5,"id":"1"}}"#,
            "fields of both results"
        )
    }

    @Test("A mutation and a subscription change what queries show, and are not kept themselves")
    func others() throws {
        var driver = CacheDriver()
        try driver.write(Self.item, #"{"item":{"__typename":"Item","id":"1","name":"a"}}"#)
        let mutation = "mutation { rename { __typename item { __typename id name } } }"
        #expect(
            try driver.write(
                mutation,
                #"{"rename":{"__typename":"Payload","item":{"__typename":"Item","id":"1","name":"b"}}}"#
            ) == keys("Item:1")
        )
        #expect(try driver.read(Self.item) == #"{"item":{"__typename":"Item","id":"1","name":"b"}}"#)
        let subscription = "subscription { changed { __typename id name } }"
        #expect(
            try driver.write(subscription, #"{"changed":{"__typename":"Item","id":"1","name":"c"}}"#) == keys("Item:1")
        )
        #expect(try driver.read(Self.item) == #"{"item":{"__typename":"Item","id":"1","name":"c"}}"#)
        #expect(try driver.read(mutation) == nil)
        #expect(try driver.read(subscription) == nil)
        #expect(driver.cache.count == 2)
    }

    @Test("Exactly what is different is reported as changed")
    func changes() throws {
        var driver = CacheDriver()
        let document = "{ a { __typename id n } b { __typename id n } }"
        func data(_ a: Int, _ b: Int, _ other: String = "B") -> String {
            #"{"a":{"__typename":"T","id":"A","n":\#(a)},"b":{"__typename":"T","id":"\#(other)","n":\#(b)}}"#
        }
        #expect(try driver.write(document, data(1, 1)) == keys("T:A", "T:B", "Query.a", "Query.b"))
        #expect(try driver.write(document, data(1, 1)) == [])
        #expect(try driver.write(document, data(1, 2)) == keys("T:B"))
        #expect(try driver.write(document, data(1, 2, "C")) == keys("T:C", "Query.b"))
        #expect(try driver.write("{ b { n __typename id } }", #"{"b":{"n":2,"__typename":"T","id":"C"}}"#) == [])
        #expect(
            try driver.write("{ b { __typename id m } }", #"{"b":{"__typename":"T","id":"C","m":2}}"#) == keys("T:C")
        )
        #expect(try driver.write("{ a { id } }", #"{"a":null}"#) == keys("Query.a"))
        #expect(try driver.read(document) == #"{"a":null,"b":{"__typename":"T","id":"C","n":2}}"#)
    }

    @Test("Aliases share a field, arguments part it, variables and their defaults are arguments like any other")
    func arguments() throws {
        var driver = CacheDriver()
        try driver.write(
            "{ one: item(id: \"1\", in: {b: RED, a: [1]}) { v: name(size: 2) name(size: 3) } }",
            #"{"one":{"v":"two","name":"three"}}"#
        )
        let query = "query ($id: ID = \"1\", $in: In, $n: Int!) { item(in: $in, id: $id) { name(size: $n) } }"
        let input: JSONValue = ["a": [1], "b": "RED"]
        #expect(try driver.read(query, ["in": input, "n": 2]) == #"{"item":{"name":"two"}}"#)
        #expect(try driver.read(query, ["in": input, "n": 3, "id": "1"]) == #"{"item":{"name":"three"}}"#)
        #expect(try driver.read(query, ["in": input, "n": 4]) == nil)
        #expect(try driver.read(query, ["in": input, "n": 2, "id": "2"]) == nil)
        #expect(try driver.read(query, ["n": 2]) == nil)
    }

    @Test("An argument whose variable is not given is as if it were not there; null is something else")
    func omitted() throws {
        var driver = CacheDriver()
        let query = "query ($a: Int) { f(a: $a) }"
        try driver.write(query, #"{"f":1}"#)
        try driver.write(query, #"{"f":2}"#, ["a": nil])
        #expect(try driver.read("{ f }") == #"{"f":1}"#)
        #expect(try driver.read("{ f(a: null) }") == #"{"f":2}"#)
        #expect(try driver.missing("{ f(a: 3) }") == "Query.f(a:3) is not in the cache")
    }

    @Test("Texts in arguments cannot be taken for one another")
    func quoting() throws {
        var driver = CacheDriver()
        try driver.write("query ($s: String) { f(a: $s) }", #"{"f":1}"#, ["s": #"x",b:"y"#])
        #expect(try driver.read(#"{ f(a: "x", b: "y") }"#) == nil)
        #expect(try driver.read(#"{ f(a: "x\",b:\"y") }"#) == #"{"f":1}"#)
        #expect(try driver.read(#"{ f(a: 1) g: f(a: "1") }"#) == nil)
    }

    @Test("Directives decide by the variables", arguments: [true, false])
    func directives(_ flag: Bool) throws {
        var driver = CacheDriver()
        let document =
            "query ($f: Boolean!) { a @include(if: $f) b @skip(if: $f) "
            + "... @include(if: $f) { c } ...F @skip(if: $f) } fragment F on Query { d }"
        let data = flag ? #"{"a":1,"c":3}"# : #"{"b":2,"d":4}"#
        try driver.write(document, data, ["f": .bool(flag)])
        #expect(try driver.read(document, ["f": .bool(flag)]) == data)
        #expect(try driver.read(document, ["f": .bool(!flag)]) == nil)
    }

    @Test("Lists are replaced, in lists too; nulls in them are kept")
    func lists() throws {
        var driver = CacheDriver()
        let document = "{ grid { __typename id } tags }"
        func cell(_ id: Int) -> String { #"{"__typename":"Cell","id":\#(id)}"# }
        let first = "{\"grid\":[[\(cell(1)),null],[],null,[\(cell(2))]],\"tags\":[[\"a\"],null]}"
        try driver.write(document, first)
        #expect(try driver.read(document) == first)
        let second = "{\"grid\":[[\(cell(2))]],\"tags\":[]}"
        #expect(try driver.write(document, second) == keys("Query.grid", "Query.tags"))
        #expect(try driver.read(document) == second)
    }

    @Test("Objects without a key stay in their parent, and are merged there while their type is the same")
    func embedded() throws {
        var driver = CacheDriver()
        let document = "{ item { __typename id size { __typename w } } }"
        try driver.write(document, #"{"item":{"__typename":"Item","id":1,"size":{"__typename":"Size","w":1}}}"#)
        let other = "{ item { __typename id size { __typename h } } }"
        #expect(
            try driver.write(other, #"{"item":{"__typename":"Item","id":1,"size":{"__typename":"Size","h":2}}}"#)
                == keys("Item:1")
        )
        #expect(driver.cache.count == 2)
        #expect(try driver.read("{ item { size { w h } } }") == #"{"item":{"size":{"w":1,"h":2}}}"#)
        try driver.write(other, #"{"item":{"__typename":"Item","id":1,"size":{"__typename":"Box","h":3}}}"#)
        #expect(try driver.read("{ item { size { w } } }") == nil)
        #expect(try driver.read(other) == #"{"item":{"__typename":"Item","id":1,"size":{"__typename":"Box","h":3}}}"#)
    }

    @Test(
        "`_id` is an identity where there is no `id`; null, objects, and objects that do not say their type have none"
    )
    func identities() throws {
        var driver = CacheDriver()
        try driver.write(
            "{ a { __typename _id } b { __typename _id id } c { __typename id } d { id } e { __typename key: id } }",
            #"{"a":{"__typename":"A","_id":1},"b":{"__typename":"B","_id":1,"id":2},"c":{"__typename":"C","id":null},"#
                + #""d":{"id":1},"e":{"__typename":"E","key":"x"}}"#
        )
        #expect(driver.cache.count == 5 + 3)
        for name in ["A:1", "B:2", "E:x"] { #expect(driver.cache.evict(name) == keys(name)) }
        #expect(driver.cache.evict("B:1") == [])
    }

    @Test("An identity of one's own sees the type and the fields by their names in the schema")
    func ownIdentity() throws {
        let configuration = GraphQLCacheConfiguration { typename, fields in
            guard typename == "Seat", case .string(let row)? = fields["row"], case .integer(let number)? = fields["no"]
            else { return nil }
            return fields["free"] == true ? "\(row)\(number)" : nil
        }
        var driver = CacheDriver(configuration)
        let document = "{ seats { __typename r: row no free tags } }"
        let data =
            #"{"seats":[{"__typename":"Seat","r":"a\"","no":1,"free":true,"tags":[1]},"#
            + #"{"__typename":"Seat","r":"b","no":2,"free":false,"tags":null}]}"#
        #expect(try driver.write(document, data) == keys("Seat:a\"1", "Query.seats"))
        #expect(try driver.read(document) == data)
    }

    @Test("A result with anything missing is none, and what is missing is said")
    func missing() throws {
        var driver = CacheDriver()
        #expect(try driver.missing(Self.item) == "Query.item is not in the cache")
        try driver.write(Self.item, #"{"item":{"__typename":"Item","id":"1","name":"a"}}"#)
        #expect(try driver.missing("{ item { name price } }") == "the field Item.price is not in the cache")
        _ = driver.cache.evict("Item:1")
        #expect(try driver.missing(Self.item) == "Item:1 is not in the cache")
        driver.cache.clear()
        #expect(try driver.missing(Self.item) == "Query.item is not in the cache")
        #expect(driver.cache.byteCount == 0)
    }

    @Test("A read says what it depends on, also up to where something was missing")
    func dependencies() throws {
        var driver = CacheDriver()
        let document = "{ a { __typename id b { __typename id c { x } } } }"
        let operation = try CacheDriver.operation(document)
        #expect(Set(driver.cache.read(operation, tracks: true).dependencies) == keys("Query.a"))
        try driver.write(
            document,
            #"{"a":{"__typename":"A","id":1,"b":{"__typename":"B","id":2,"c":{"x":1}}}}"#
        )
        #expect(Set(driver.cache.read(operation, tracks: true).dependencies) == keys("Query.a", "A:1", "B:2"))
        _ = driver.cache.evict("B:2")
        #expect(Set(driver.cache.read(operation, tracks: true).dependencies) == keys("Query.a", "A:1", "B:2"))
    }
}
