// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

struct GraphQLCachePropertyTests {
    /// A cache that has seen both types, so that it knows a fragment on one of them not to be for the other.
    private static func driver() throws -> CacheDriver {
        var driver = CacheDriver()
        try driver.write(
            "{ a { __typename } b { __typename } }",
            #"{"a":{"__typename":"Item"},"b":{"__typename":"Person"}}"#
        )
        return driver
    }

    @Test("Whatever is written is read again; what other results left is what the server would say, or missing")
    func roundTrip() throws {
        var hits = 0
        for seed in 0..<40 as Range<UInt64> {
            var random = SeededRandom(seed)
            var driver = try Self.driver()
            var written: [[ModelSchema.Selection]] = []
            for _ in 0..<6 {
                let document = ModelSchema.document(&random)
                let text = ModelSchema.text(document)
                // What the cache can answer before it has seen the result must be that result.
                if let guess = try driver.read(text) {
                    hits += 1
                    try #require(guess == ModelSchema.result(document), "seed \(seed): \(text)")
                }
                try driver.write(text, ModelSchema.result(document))
                let missing = try driver.missing(text)
                try #require(
                    try driver.read(text) == ModelSchema.result(document),
                    "seed \(seed): \(text) \(missing ?? "")"
                )
                #expect(try driver.write(text, ModelSchema.result(document)) == [], "seed \(seed): \(text)")
                written.append(document)
                for document in written {
                    guard let data = try driver.read(ModelSchema.text(document)) else { continue }
                    try #require(data == ModelSchema.result(document), "seed \(seed): \(ModelSchema.text(document))")
                }
            }
        }
        #expect(hits > 5)
    }

    @Test("Optimistic results are as if they had never been, once they are rolled back")
    func optimistic() throws {
        for seed in 0..<40 as Range<UInt64> {
            var random = SeededRandom(seed)
            var driver = try Self.driver()
            let documents = (0..<4).map { _ in ModelSchema.document(&random) }
            for document in documents { try driver.write(ModelSchema.text(document), ModelSchema.result(document)) }
            let before = try documents.map { try driver.read(ModelSchema.text($0)) }
            for (id, document) in documents.enumerated() {
                let expected = ModelSchema.result(document, version: id + 1)
                try driver.optimistic(UInt64(id), ModelSchema.text(document), expected)
                let shown = try driver.read(ModelSchema.text(document))
                try #require(shown == nil || shown == expected, "seed \(seed): \(shown ?? "")")
            }
            for id in Array(0..<UInt64(documents.count)).shuffled(using: &random) { _ = driver.cache.rollback(id) }
            try #require(try documents.map { try driver.read(ModelSchema.text($0)) } == before, "seed \(seed)")
        }
    }

    @Test("A damaged result is refused, or leaves a cache that gives JSON or nothing")
    func damaged() throws {
        var refused = 0
        for seed in 0..<300 as Range<UInt64> {
            var random = SeededRandom(seed)
            var driver = CacheDriver()
            let document = ModelSchema.document(&random)
            let text = ModelSchema.text(document)
            let operation = try CacheDriver.operation(text)
            if Bool.random(using: &random) { try driver.write(text, ModelSchema.result(document)) }
            var bytes = Array(#"{"data":\#(ModelSchema.result(document, version: 1))}"#.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) { Self.damage(&bytes, &random) }
            do throws(FreshetError) {
                _ = try driver.cache.write(Bytes(copying: bytes), operation)
                _ = try driver.cache.writeOptimistic(1, Bytes(copying: bytes), operation)
            } catch {
                #expect(error.kind == .protocolViolation)
                refused += 1
            }
            // Texts are given back as they came, also those that are not UTF-8, for which there is no JSON.
            guard let data = driver.cache.read(operation, tracks: true).data,
                String(validating: data.array, as: UTF8.self) != nil
            else { continue }
            #expect(throws: Never.self, "seed \(seed)") {
                try JSONDecoder().decode(JSONValue.self, from: Data(data.array))
            }
        }
        #expect(refused > 30 && refused < 270)
    }

    /// Removes, doubles, swaps or replaces a piece: most of it stays JSON, but in a shape that nobody asked for.
    private static func damage(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        let values = [
            "null", "1", "\"x\"", "[]", "{}", "[[null]]", "{\"id\":1}", "true", "[{\"__typename\":\"Item\"}]",
        ]
        let starts = bytes.indices.filter { bytes[$0] == UInt8(ascii: ":") || bytes[$0] == UInt8(ascii: "[") }
        guard let start = starts.randomElement(using: &random) else { return }
        let rest = bytes[(start + 1)...]
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            // Another value where one begins, instead of everything up to the next comma.
            let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? bytes.endIndex
            bytes.replaceSubrange(start + 1..<end, with: Array((values.randomElement(using: &random) ?? "").utf8))
        case 1:
            let value = (values.randomElement(using: &random) ?? "") + ","
            if bytes[start] == UInt8(ascii: "[") { bytes.insert(contentsOf: Array(value.utf8), at: start + 1) }
        case 2:
            let names = ["__typename", "\"Person\"", "\"id\"", "\"name\"", "\"Item\""]
            let (old, new) = (names.randomElement(using: &random) ?? "", names.randomElement(using: &random) ?? "")
            bytes = Array(String(decoding: bytes, as: UTF8.self).replacing(old, with: new, maxReplacements: 2).utf8)
        default:
            let index = Int.random(in: 0..<bytes.count, using: &random)
            bytes[index] = Array("{}[],:\"\\ 0ae".utf8).randomElement(using: &random) ?? 0
        }
    }
}
