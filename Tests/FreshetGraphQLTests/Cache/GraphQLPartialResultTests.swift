// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL
import Testing

/// Results with errors beside them (GraphQL specification, October 2021, 6.4.4).
struct GraphQLPartialResultTests {
    private static let document = "{ a { __typename id n m } b { __typename id n } list { __typename id n } x y }"
    private static let whole =
        #"{"a":{"__typename":"T","id":1,"n":1,"m":1},"b":{"__typename":"T","id":2,"n":2},"#
        + #""list":[{"__typename":"T","id":3,"n":3},{"__typename":"T","id":4,"n":4}],"x":7,"y":8}"#

    @Test("Nothing is written where an error is, or where its null came up to; everything else is")
    func paths() throws {
        var driver = CacheDriver()
        try driver.write(Self.document, Self.whole)
        let changed = try driver.respond(
            Self.document,
            #"{"data":{"a":{"__typename":"T","id":1,"n":10,"m":null},"b":null,"#
                + #""list":[{"__typename":"T","id":3,"n":null},{"__typename":"T","id":4,"n":40}],"x":null,"y":80},"#
                + #""errors":[{"message":"m","path":["a","m"]},{"message":"m","path":["b","n"]},"#
                + #"{"message":"m","path":["list",0,"n"]}]}"#
        )
        #expect(changed == keys("T:1", "T:4", "Query.x", "Query.y"))
        #expect(
            try driver.read(Self.document)
                == #"{"a":{"__typename":"T","id":1,"n":10,"m":1},"b":{"__typename":"T","id":2,"n":2},"#
                + #""list":[{"__typename":"T","id":3,"n":3},{"__typename":"T","id":4,"n":40}],"x":null,"y":80}"#
        )
    }

    @Test("A list with an element that failed stays as it was, but the objects in it are taken")
    func element() throws {
        var driver = CacheDriver()
        try driver.write(Self.document, Self.whole)
        let changed = try driver.respond(
            "{ list { __typename id n } }",
            #"{"data":{"list":[null,{"__typename":"T","id":4,"n":40}]},"errors":[{"message":"m","path":["list",0]}]}"#
        )
        #expect(changed == keys("T:4"))
        #expect(try driver.read("{ list { n } }") == #"{"list":[{"n":3},{"n":40}]}"#)
    }

    @Test("An error that does not say where makes every null doubtful")
    func somewhere() throws {
        var driver = CacheDriver()
        let changed = try driver.respond("{ x y }", #"{"errors":[{"message":"m"}],"data":{"x":null,"y":1}}"#)
        #expect(changed == keys("Query.y"))
    }

    @Test(
        "A response without data changes nothing",
        arguments: [
            #"{"errors":[{"message":"m"}]}"#, #"{"data":null}"#, #"{"data":null,"errors":[]}"#, "[]", "1", "{}",
            #"{"data":[{"x":1}]}"#, #"{"data":"x"}"#,
        ]
    )
    func nothing(_ payload: String) throws {
        var driver = CacheDriver()
        #expect(try driver.respond("{ x }", payload) == [])
        #expect(driver.cache.count == 0)
    }

    @Test("A list of errors that is none, or null, does no harm", arguments: ["null", "[]"])
    func noErrors(_ errors: String) throws {
        var driver = CacheDriver()
        #expect(try driver.respond("{ x }", #"{"data":{"x":null},"errors":\#(errors)}"#) == keys("Query.x"))
    }
}
