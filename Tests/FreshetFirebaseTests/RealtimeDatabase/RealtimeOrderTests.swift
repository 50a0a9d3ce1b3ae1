// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

@testable import FreshetFirebase

/// Keys, orders and queries.
struct RealtimeOrderTests {
    private static func keys(_ json: JSONValue, by order: RealtimeOrder) -> [String] {
        order.children(of: RealtimeNode(json)).map(\.key)
    }

    @Test("Keys that are whole numbers of 32 bits come first, by value; then the others, by their units of UTF-16")
    func keys() {
        // U+FF61 is after U+1F600 in units of UTF-16, and before it in scalars.
        let keys = ["b", "10", "2", "-3", "02", "2147483647", "2147483648", "a", "B", "\u{FF61}", "😀", "1.5"]
        #expect(
            keys.shuffled().sorted(by: RealtimeKey.areInOrder)
                == ["-3", "2", "02", "10", "2147483647", "1.5", "2147483648", "B", "a", "b", "😀", "\u{FF61}"]
        )
    }

    @Test("Values come as null, false, true, numbers, texts, what has children")
    func values() {
        let json: JSONValue = [
            "a": ["c": 1], "b": "text", "c": 2.5, "d": 2, "e": true, "f": false, "g": "Text", "h": -1, "i": 2,
        ]
        #expect(Self.keys(json, by: .value) == ["f", "e", "h", "d", "i", "c", "g", "b", "a"])
        let nested = JSONValue.object(
            ["x": ["p": ["n": 2]], "y": ["p": ["n": "t"]], "z": ["q": 1], "w": ["p": ["n": 1]]]
        )
        #expect(Self.keys(nested, by: .child("p/n")) == ["z", "w", "x", "y"])
    }

    @Test("Priorities come as none, numbers, texts; keys decide where they are equal")
    func priorities() {
        let json: JSONValue = [
            "d": RealtimeValue.prioritized(1, 22), "a": RealtimeValue.prioritized(1, "x"), "g": 1, "c": 1,
            "e": RealtimeValue.prioritized(["f": 1], 3), "b": RealtimeValue.prioritized(1, 22),
        ]
        #expect(Self.keys(json, by: .priority) == ["c", "g", "e", "b", "d", "a"])
        #expect(Self.keys(json, by: .key) == ["a", "b", "c", "d", "e", "g"])
    }

    @Test("A query is said to the server as the official client says it")
    func query() {
        var query = RealtimeQuery()
        #expect(query.isDefault)
        #expect(RealtimeJSON.text(query.json) == "{}")
        query.order = .child("n")
        query.start = .init(1, isInclusive: true)
        query.limit = .init(2, isFromEnd: false)
        #expect(RealtimeJSON.text(query.json) == #"{"i":"n","l":2,"sin":true,"sp":1,"vf":"l"}"#)
        query.end = .init("z", isInclusive: false)
        query.limit = .init(3, isFromEnd: true)
        query.order = .value
        #expect(
            RealtimeJSON.text(query.json) == #"{"ein":false,"ep":"z","i":".value","l":3,"sin":true,"sp":1,"vf":"r"}"#
        )
    }

    @Test("Over HTTP each value of a query is JSON")
    func parameters() {
        var query = RealtimeQuery()
        #expect(query.parameters.items.isEmpty)
        query.order = .key
        query.start = .init("a", isInclusive: false)
        query.end = .init("b", isInclusive: true)
        query.limit = .init(2, isFromEnd: true)
        let items = query.parameters.items.map { "\($0.name)=\($0.value)" }
        #expect(items == [#"orderBy="$key""#, #"startAfter="a""#, #"endAt="b""#, "limitToLast=2"])
    }

    @Test("What the server would refuse is refused before it is sent")
    func refused() {
        func isRefused(_ change: (inout RealtimeQuery) -> Void) -> Bool {
            var query = RealtimeQuery()
            change(&query)
            do {
                try query.check()
                return false
            } catch {
                return error.kind == .invalidInput
            }
        }
        #expect(isRefused { $0.limit = .init(0, isFromEnd: false) })
        #expect(isRefused { $0.order = .child("a.b") })
        #expect(isRefused { $0.order = .child("/") })
        #expect(isRefused { $0.start = .init([1], isInclusive: true) })
        #expect(isRefused { $0.end = .init(.number(.infinity), isInclusive: true) })
        #expect(isRefused { ($0.order, $0.start) = (.key, .init(1, isInclusive: true)) })
        #expect(!isRefused { $0.start = .init(nil, isInclusive: true) })
    }

    @Test("What cannot be a key is told", arguments: ["", "a.b", "a$", "#", "[", "]", "a/b", "a\u{1F}", "\u{7F}"])
    func badKey(_ key: String) {
        #expect(throws: FreshetError.self) { try RealtimeKey.check(key) }
    }

    @Test("A key has 768 bytes, a path 32 keys, a value 32 levels and only numbers that there are")
    func limits() throws {
        try RealtimeKey.check(String(repeating: "é", count: 384))
        #expect(throws: FreshetError.self) { try RealtimeKey.check(String(repeating: "é", count: 385)) }
        try RealtimePath(String(repeating: "a/", count: 32)).check()
        #expect(throws: FreshetError.self) { try RealtimePath(String(repeating: "a/", count: 33)).check() }
        let deep = (0..<33).reduce(JSONValue.integer(1)) { value, _ in ["a": value] }
        #expect(throws: FreshetError.self) { try RealtimeValue.check(deep) }
        #expect(throws: FreshetError.self) { try RealtimeValue.check([.number(.nan)]) }
        #expect(throws: FreshetError.self) { try RealtimeValue.check(["a": ["b.c": 1]]) }
        try RealtimeValue.check(["t": RealtimeValue.timestamp, "n": RealtimeValue.increment(by: 1)])
    }

    @Test("Paths are read with any slashes, and written for the socket and for HTTP")
    func paths() {
        let path = RealtimePath("//users/a b/é/")
        #expect(path.keys == ["users", "a b", "é"])
        #expect(path.text == "/users/a b/é")
        #expect(path.resource == "users/a%20b/%C3%A9.json")
        #expect(RealtimePath("").text == "/")
        #expect(RealtimePath("").resource == ".json")
        #expect(RealtimePath("users").rest(of: path) == ["a b", "é"])
        #expect(path.rest(of: RealtimePath("users")) == nil)
    }

    @Test("Keys of push are 20 letters that are in the order of time, within a millisecond too")
    func pushKeys() {
        var maker = RealtimePushKey()
        var last = ""
        for step in 0..<1000 {
            // All of the chance at its highest: the next one carries.
            let key = maker.next(at: 1_700_000_000_000 + Int64(step / 100)) { step % 7 == 0 ? 62 : 5 }
            #expect(key.utf8.count == 20)
            #expect(last.isEmpty || RealtimeKey.areInOrder(last, key))
            last = key
        }
        var carrying = RealtimePushKey()
        #expect(carrying.next(at: 0) { 63 } == "--------zzzzzzzzzzzz")
        var early = RealtimePushKey()
        let first = early.next(at: 5) { 1 }
        #expect(first == "-------4000000000000")
        #expect(early.next(at: 3) { 9 } == "-------4000000000001")
    }
}
