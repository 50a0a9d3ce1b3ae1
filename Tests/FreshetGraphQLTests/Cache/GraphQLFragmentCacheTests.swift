// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL
import Testing

/// Fragments with conditions, where no schema says which type meets which.
struct GraphQLFragmentCacheTests {
    @Test("Of a union each object has the fields of its own type")
    func union() throws {
        var driver = CacheDriver()
        let document = """
            { found { __typename ... on Item { id price } ...P ... on Other { what } } }
            fragment P on Person { id name }
            """
        let data =
            #"{"found":[{"__typename":"Item","id":1,"price":5},{"__typename":"Person","id":1,"name":"x"},"#
            + #"{"__typename":"Item","id":2,"price":6},{"__typename":"Third"}]}"#
        try driver.write(document, data)
        #expect(try driver.read(document) == data)
    }

    @Test("Whether a type meets an interface is learned from results, and not guessed before")
    func interface() throws {
        var driver = CacheDriver()
        try driver.write("{ item { __typename id name } }", #"{"item":{"__typename":"Item","id":1,"name":"a"}}"#)
        let document = "{ item { __typename ... on Named { id name } ... on Priced { price } } }"
        #expect(try driver.missing(document) == "whether a fragment applies is not known yet")
        let data = #"{"item":{"__typename":"Item","id":1,"name":"a"}}"#
        #expect(try driver.write(document, data) == keys("Item on Named", "Item on Priced"), "nothing else is new")
        #expect(try driver.read(document) == data)
        #expect(try driver.write(document, data) == [])
    }

    @Test("A field that was only there because it was asked for elsewhere is no lasting proof")
    func falseProof() throws {
        var driver = CacheDriver()
        let weak = "{ item { __typename id ... on Node { id } } }"
        try driver.write(weak, #"{"item":{"__typename":"Item","id":1}}"#)
        let strong = "{ item { __typename id ... on Node { id cursor } } }"
        #expect(try driver.read(strong) == nil)
        let data = #"{"item":{"__typename":"Item","id":1}}"#
        try driver.write(strong, data)
        #expect(try driver.read(strong) == data)
        try driver.write(weak, data)
        #expect(try driver.read(strong) == data)
    }

    @Test("Fragments in fragments, and the same field by several ways, are one result")
    func nested() throws {
        var driver = CacheDriver()
        let document = """
            { item { __typename ...A ...B child { __typename y } } }
            fragment A on Item { child { __typename id x } ... on Node { ... on Item { z } } }
            fragment B on Item { ...A child { w } }
            """
        let data = #"{"item":{"__typename":"Item","child":{"__typename":"Child","id":1,"x":1,"w":3,"y":2},"z":4}}"#
        try driver.write(document, data)
        #expect(try driver.read(document) == data)
    }

    @Test("At the root every fragment applies, whatever the server calls its type")
    func root() throws {
        var driver = CacheDriver()
        let document = "query { __typename ...Q ... on query_root { b } } fragment Q on query_root { a }"
        let data = #"{"__typename":"query_root","a":1,"b":2}"#
        try driver.write(document, data)
        #expect(try driver.read(document) == data)
        #expect(try driver.read("{ a }") == #"{"a":1}"#)
    }

    @Test("What is only expected teaches nothing")
    func optimistic() throws {
        var driver = CacheDriver()
        let document = "{ item { __typename id ... on Named { name } } }"
        try driver.write("{ item { __typename id } }", #"{"item":{"__typename":"Item","id":1}}"#)
        #expect(
            try driver.optimistic(1, document, #"{"item":{"__typename":"Item","id":1}}"#)
                == keys("Query.item", "Item:1")
        )
        #expect(try driver.missing(document) == "whether a fragment applies is not known yet")
    }
}
