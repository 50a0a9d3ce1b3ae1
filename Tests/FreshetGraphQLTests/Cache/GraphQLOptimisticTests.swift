// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL
import Testing

struct GraphQLOptimisticTests {
    private static let query = "{ item { __typename id name likes } }"
    private static let mutation = "mutation { like { __typename id name likes } }"

    private func item(_ name: String, _ likes: Int) -> String {
        #"{"__typename":"Item","id":"1","name":"\#(name)","likes":\#(likes)}"#
    }

    private func shown(_ driver: inout CacheDriver) throws -> String? {
        try driver.read(Self.query)
    }

    private func driver() throws -> CacheDriver {
        var driver = CacheDriver()
        try driver.write(Self.query, #"{"item":\#(item("a", 1))}"#)
        return driver
    }

    @Test("An optimistic result is shown until it is rolled back, and then all is as it was")
    func rollback() throws {
        var driver = try driver()
        let (count, bytes) = (driver.cache.count, driver.cache.byteCount)
        #expect(
            try driver.optimistic(1, Self.mutation, #"{"like":{"__typename":"Item","id":"1","likes":2}}"#)
                == keys("Item:1")
        )
        #expect(try shown(&driver) == #"{"item":\#(item("a", 2))}"#, "what is not said stays as it is")
        #expect(driver.cache.rollback(1) == keys("Item:1"))
        #expect(try shown(&driver) == #"{"item":\#(item("a", 1))}"#)
        #expect(driver.cache.count == count && driver.cache.byteCount == bytes)
        #expect(driver.cache.rollback(1) == [])
    }

    @Test("Several lie above one another, and any of them can go")
    func layers() throws {
        for first in [1, 2] as [UInt64] {
            var driver = try driver()
            try driver.optimistic(1, Self.mutation, #"{"like":\#(item("b", 2))}"#)
            try driver.optimistic(2, Self.mutation, #"{"like":{"__typename":"Item","id":"1","likes":3}}"#)
            #expect(try shown(&driver) == #"{"item":\#(item("b", 3))}"#)
            _ = driver.cache.rollback(first)
            #expect(try shown(&driver) == #"{"item":\#(first == 1 ? item("a", 3) : item("b", 2))}"#)
            _ = driver.cache.rollback(3 - first)
            #expect(try shown(&driver) == #"{"item":\#(item("a", 1))}"#)
        }
    }

    @Test("The real result takes the place of the expected one in the same step")
    func replace() throws {
        var driver = try driver()
        try driver.optimistic(1, Self.mutation, #"{"like":\#(item("a", 2))}"#)
        try driver.optimistic(2, Self.mutation, #"{"like":{"__typename":"Item","id":"1","name":"c"}}"#)
        #expect(
            try driver.respond(Self.mutation, #"{"data":{"like":\#(item("z", 5))}}"#, replacing: 1) == keys("Item:1")
        )
        #expect(try shown(&driver) == #"{"item":\#(item("c", 5))}"#)
        #expect(driver.cache.rollback(2) == keys("Item:1"))
        #expect(try shown(&driver) == #"{"item":\#(item("z", 5))}"#)
    }

    @Test("What the server says meanwhile is there after the rollback")
    func meanwhile() throws {
        var driver = try driver()
        try driver.optimistic(1, Self.mutation, #"{"like":{"__typename":"Item","id":"1","likes":2}}"#)
        try driver.write(Self.query, #"{"item":\#(item("new", 9))}"#)
        #expect(try shown(&driver) == #"{"item":\#(item("new", 2))}"#)
        _ = driver.cache.rollback(1)
        #expect(try shown(&driver) == #"{"item":\#(item("new", 9))}"#)
    }

    @Test("An object that is only expected can be shown in a list that is only expected")
    func newObject() throws {
        var driver = CacheDriver()
        let query = "{ items { __typename id name } }"
        try driver.write(query, #"{"items":[{"__typename":"Item","id":"1","name":"a"}]}"#)
        let expected =
            #"{"items":[{"__typename":"Item","id":"1","name":"a"},{"__typename":"Item","id":"tmp","name":"b"}]}"#
        try driver.optimistic(7, query, expected)
        #expect(try driver.read(query) == expected)
        _ = driver.cache.rollback(7)
        #expect(try driver.read(query) == #"{"items":[{"__typename":"Item","id":"1","name":"a"}]}"#)
    }

    @Test("One that is written again under its id is replaced")
    func again() throws {
        var driver = try driver()
        try driver.optimistic(1, Self.mutation, #"{"like":\#(item("b", 2))}"#)
        try driver.optimistic(1, Self.mutation, #"{"like":{"__typename":"Item","id":"1","likes":3}}"#)
        #expect(try shown(&driver) == #"{"item":\#(item("a", 3))}"#)
    }

    @Test("What is not JSON changes nothing, also not the layer that it was to replace")
    func notJSON() throws {
        var driver = try driver()
        try driver.optimistic(1, Self.mutation, #"{"like":\#(item("b", 2))}"#)
        #expect(throws: FreshetError.self) { try driver.optimistic(1, Self.mutation, "{") }
        #expect(throws: FreshetError.self) { try driver.respond(Self.mutation, "{", replacing: 1) }
        #expect(try shown(&driver) == #"{"item":\#(item("b", 2))}"#)
    }
}
