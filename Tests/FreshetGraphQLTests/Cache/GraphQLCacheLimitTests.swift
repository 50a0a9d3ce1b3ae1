// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

struct GraphQLCacheLimitTests {
    private static let document = "query ($id: ID!) { item(id: $id) { __typename id text } }"

    private func write(_ id: Int, into driver: inout CacheDriver, bytes: Int = 1_000) throws {
        let text = String(repeating: "x", count: bytes)
        try driver.write(
            Self.document,
            #"{"item":{"__typename":"Item","id":"\#(id)","text":"\#(text)"}}"#,
            ["id": .string("\(id)")]
        )
    }

    private func isThere(_ id: Int, in driver: inout CacheDriver) throws -> Bool {
        try driver.read(Self.document, ["id": .string("\(id)")]) != nil
    }

    @Test("What was not used for the longest time goes, and reading is using")
    func leastRecentlyUsed() throws {
        var driver = CacheDriver(GraphQLCacheConfiguration(byteLimit: 12_500))
        for id in 0..<10 { try write(id, into: &driver) }
        #expect(driver.cache.count == 20, "all of them fit")
        #expect(try isThere(0, in: &driver))
        #expect(try isThere(2, in: &driver))
        for id in 10..<13 { try write(id, into: &driver) }
        let there = try (0..<13).filter { try isThere($0, in: &driver) }
        #expect(there == [0, 2, 5, 6, 7, 8, 9, 10, 11, 12])
        #expect(driver.cache.byteCount <= 12_500)
    }

    @Test("An object that grows counts with what it has grown")
    func growing() throws {
        var driver = CacheDriver()
        try write(1, into: &driver, bytes: 0)
        let small = driver.cache.byteCount
        try write(1, into: &driver, bytes: 5_000)
        #expect(driver.cache.byteCount - small == 5_000 + 2, "the text, and a longer length before it")
        try write(1, into: &driver, bytes: 0)
        #expect(driver.cache.byteCount == small)
    }

    @Test("A limit that nothing fits into keeps nothing", arguments: [0, 100, -1])
    func nothing(_ limit: Int) throws {
        var driver = CacheDriver(GraphQLCacheConfiguration(byteLimit: limit))
        for id in 0..<100 { try write(id, into: &driver) }
        #expect(driver.cache.count == 0 && driver.cache.byteCount == 0)
    }

    @Test("Whatever comes and goes, nothing is lost, mixed up, or counted twice", arguments: 0..<5)
    func churn(_ seed: UInt64) throws {
        var random = SeededRandom(seed)
        var driver = CacheDriver()
        var model: [Int: Int] = [:]
        for _ in 0..<600 {
            let id = Int.random(in: 0..<60, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                #expect(driver.cache.evict("Item:\(id)").isEmpty == (model[id] == nil))
                model[id] = nil
            case 1:
                #expect(try isThere(id, in: &driver) == (model[id] != nil), "seed \(seed)")
            default:
                let bytes = Int.random(in: 0..<300, using: &random)
                try write(id, into: &driver, bytes: bytes)
                model[id] = bytes
            }
        }
        for id in 0..<60 {
            let data = try driver.read(Self.document, ["id": .string("\(id)")])
            #expect(data?.utf8.filter { $0 == UInt8(ascii: "x") }.count == model[id].map { $0 + 1 }, "seed \(seed)")
            _ = driver.cache.evict("Item:\(id)")
            _ = driver.cache.evict(#"Query.item(id:"\#(id)")"#)
        }
        #expect(driver.cache.count == 0 && driver.cache.byteCount == 0)
    }
}
