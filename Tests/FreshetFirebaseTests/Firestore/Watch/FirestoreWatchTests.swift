// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetFirebase
import Testing

/// The targets of a stream: what is told when, and to whom.
struct FirestoreWatchTests {
    private typealias Told = WatchDriver.Told

    @Test("Nothing is told before everything up to a moment has come, and then as one")
    func consistent() throws {
        var driver = WatchDriver()
        let target = try driver.listen(1, WatchDriver.query())
        try driver.add(target)
        try driver.change("a", 10, in: [target])
        try driver.change("b", 11, in: [target])
        try driver.snapshot(12, token: "t0")
        try driver.current(target)
        #expect(driver.told.isEmpty)
        try driver.snapshot(13, token: "t1")
        #expect(driver.told == [Told(listener: 1, isFirst: true, put: ["a@10", "b@11"], token: "t1")])
        try driver.change("a", 14, in: [target])
        try driver.change("b", 15, out: [target])
        try driver.change("c", 15, in: [target])
        try driver.change("c", 15, out: [target])
        // Of one target: no moment of all.
        try driver.hear(
            #"{"targetChange":{"targetIds":[\#(target)],"resumeToken":"x","readTime":"2024-01-02T03:04:15Z"}}"#
        )
        #expect(driver.told.count == 1)
        try driver.snapshot(16, token: "t2")
        #expect(driver.told.last == Told(listener: 1, isFirst: false, put: ["a@14"], removed: ["b"], token: "t2"))
        try driver.snapshot(17, token: "t3")
        #expect(driver.told.count == 2)
    }

    @Test("A moment before the last one says nothing")
    func backwards() throws {
        var driver = WatchDriver()
        let target = try driver.listen(1, WatchDriver.query())
        try driver.current(target)
        try driver.snapshot(20, token: "t1")
        try driver.change("a", 19, in: [target])
        try driver.snapshot(19, token: "t0")
        #expect(driver.told.count == 1)
        try driver.snapshot(21, token: "t2")
        #expect(driver.told.last?.put == ["a@19"])
    }

    @Test("After a RESET only the net difference is told")
    func reset() throws {
        var driver = WatchDriver()
        let target = try driver.listen(1, WatchDriver.query())
        for (id, second) in [("a", 10), ("b", 11), ("c", 12)] { try driver.change(id, second, in: [target]) }
        try driver.current(target)
        try driver.snapshot(13, token: "t1")
        try driver.change("z", 13, in: [target])
        try driver.reset(target)
        try driver.snapshot(14, token: "t2")
        #expect(driver.told.count == 1)
        for (id, second) in [("a", 10), ("c", 15), ("d", 16)] { try driver.change(id, second, in: [target]) }
        try driver.current(target)
        try driver.snapshot(17, token: "t3")
        #expect(
            driver.told.last
                == Told(listener: 1, isFirst: false, put: ["c@15", "d@16"], removed: ["b"], token: "t3")
        )
        try driver.reset(target)
        for (id, second) in [("a", 10), ("c", 15), ("d", 16)] { try driver.change(id, second, in: [target]) }
        try driver.current(target)
        try driver.snapshot(18, token: "t4")
        #expect(driver.told.count == 2)
    }

    @Test("A document that is not there is told as a state without documents")
    func missingDocument() throws {
        var driver = WatchDriver()
        let target = try driver.listen(1, WatchDriver.document("a"))
        try driver.hear(
            #"{"documentDelete":{"document":"\#(WatchDriver.root)/users/a","removedTargetIds":[\#(target)]}}"#
        )
        try driver.current(target)
        try driver.snapshot(11, token: "t1")
        #expect(driver.told == [Told(listener: 1, isFirst: true, token: "t1")])
        try driver.change("a", 12, in: [target])
        try driver.snapshot(12, token: "t2")
        try driver.hear(
            #"{"documentRemove":{"document":"\#(WatchDriver.root)/users/a","removedTargetIds":[\#(target)]}}"#
        )
        try driver.snapshot(13, token: "t3")
        #expect(driver.told.dropFirst().map(\.put) == [["a@12"], []])
        #expect(driver.told.last?.removed == ["a"])
    }

    @Test("One stream has all targets; what the rules do not allow fails that listener alone")
    func removed() throws {
        var driver = WatchDriver()
        let first = try driver.listen(1, WatchDriver.query())
        let second = try driver.listen(2, WatchDriver.document("a"))
        let third = try driver.listen(3, WatchDriver.document("b"))
        #expect(Set([first, second, third]).count == 3)
        try driver.hear(
            """
            {"targetChange":{"targetChangeType":"REMOVE","targetIds":[\(second)],
            "cause":{"code":7,"message":"no"}}}
            """
        )
        #expect(driver.failures.keys.sorted() == [2])
        #expect(driver.failures[2]?.kind == .forbidden)
        try driver.hear(#"{"targetChange":{"targetChangeType":"REMOVE","targetIds":[\#(third)]}}"#)
        #expect(driver.interruptions[3]?.kind == .interrupted)
        try driver.change("a", 10, in: [first, second, 99])
        try driver.current(first)
        try driver.snapshot(11, token: "t")
        #expect(driver.told.map(\.listener) == [1])
        #expect(driver.watch.count == 1)
    }

    @Test("Numbers are never used again, and what comes of one that was left is not looked at")
    func numbers() throws {
        var driver = WatchDriver()
        var seen: Set<Int> = []
        for round in 0..<500 {
            let target = try driver.listen(UInt64(round), WatchDriver.query())
            #expect(seen.insert(target).inserted)
            try driver.add(target)
            try driver.leave(UInt64(round))
            try driver.change("a", 10, in: [target])
            try driver.current(target)
            try driver.snapshot(11, token: "t")
            try driver.hear(#"{"targetChange":{"targetChangeType":"REMOVE","targetIds":[\#(target)]}}"#)
        }
        #expect(driver.told.isEmpty)
        #expect(driver.failures.isEmpty)
        #expect(driver.watch.count == 0)
        #expect(driver.sent.filter { $0["removeTarget"] != nil }.count == 500)
    }

    // MARK: - Resumption

    /// A target that knows u0 to u9, by the token t1.
    private func known() throws -> FirestoreTarget {
        let target = try WatchDriver.query()
        var first = WatchDriver()
        let number = try first.listen(1, target)
        for index in 0..<10 { try first.change("u\(index)", 10 + index, in: [number]) }
        try first.current(number)
        try first.snapshot(20, token: "t1")
        // What was not told does not count.
        try first.change("u0", 21, in: [number])
        try first.hear(#"{"targetChange":{"targetIds":[\#(number)],"resumeToken":"t2"}}"#)
        return target
    }

    @Test("On a new stream it goes on from the token of what was told last")
    func resumes() throws {
        let target = try self.known()
        var driver = WatchDriver()
        let number = try driver.listen(1, target, isResumed: true)
        #expect(driver.sent.last?["addTarget"]?["resumeToken"] == "t1")
        #expect(driver.sent.last?["addTarget"]?["expectedCount"] == 10)
        try driver.change("u0", 21, in: [number])
        try driver.snapshot(21, token: "t2")
        #expect(driver.told.isEmpty)
        try driver.current(number)
        try driver.snapshot(22, token: "t3")
        #expect(driver.told == [Told(listener: 1, isFirst: false, put: ["u0@21"], token: "t3")])
        let anew = try driver.listen(1, target, isResumed: false)
        #expect(anew != number)
        #expect(driver.sent.last?["addTarget"]?["resumeToken"] == nil)
    }

    @Test("A count that fits changes nothing")
    func filterFits() throws {
        let target = try self.known()
        var driver = WatchDriver()
        let number = try driver.listen(1, target, isResumed: true)
        try driver.change("u10", 21, in: [number])
        try driver.change("u0", 21, out: [number])
        try driver.filter(number, count: 10)
        try driver.current(number)
        try driver.snapshot(22, token: "t3")
        #expect(driver.told.last?.put == ["u10@21"])
        #expect(driver.told.last?.removed == ["u0"])
    }

    @Test("Who is not in the server's filter has left, and nothing is asked again")
    func bloom() throws {
        let target = try self.known()
        var driver = WatchDriver()
        let number = try driver.listen(1, target, isResumed: true)
        try driver.change("u10", 21, in: [number])
        try driver.change("u11", 21, in: [number])
        let sent = driver.sent.count
        // Made of u0 to u9: u10 and u11 are not in it.
        try driver.filter(number, count: 10, bloom: "9CJJI2LhBkkiskqA1GQvBg==")
        #expect(driver.sent.count == sent)
        try driver.current(number)
        try driver.snapshot(22, token: "t3")
        #expect(driver.told.isEmpty)
        #expect(target.memory.current.versions.count == 10)
    }

    @Test(
        "A count that does not fit is asked about again from the beginning, once",
        arguments: [nil, "9CJJI2LhBkkiskqA1GQvBg=="]
    )
    func mismatch(_ bloom: String?) throws {
        var driver = WatchDriver()
        let first = try driver.listen(1, try self.known(), isResumed: true)
        try driver.filter(first, count: 8, bloom: bloom)
        #expect(driver.sent.suffix(2).first?["removeTarget"] == .integer(Int64(first)))
        let again = try #require(driver.sent.last)
        let number = try #require(driver.lastTarget)
        #expect(number != first)
        #expect(again["addTarget"]?["resumeToken"] == nil)
        #expect(
            again["labels"]?["goog-listen-tags"]
                == .string("existence-filter-mismatch\(bloom == nil ? "" : "-bloom")")
        )
        try driver.change("z", 21, in: [first])
        for index in 2..<10 { try driver.change("u\(index)", 10 + index, in: [number]) }
        try driver.current(number)
        try driver.snapshot(22, token: "t3")
        #expect(driver.told == [Told(listener: 1, isFirst: false, removed: ["u0", "u1"], token: "t3")])
        try driver.filter(number, count: 3)
        #expect(driver.interruptions[1]?.kind == .interrupted)
        #expect(driver.watch.count == 0)
    }

    @Test("A filter for a document that is gone removes it")
    func documentFilter() throws {
        let target = try WatchDriver.document("a")
        var driver = WatchDriver()
        var number = try driver.listen(1, target)
        try driver.change("a", 10, in: [number])
        try driver.current(number)
        try driver.snapshot(11, token: "t1")
        number = try driver.listen(1, target, isResumed: true)
        try driver.hear(#"{"filter":{"targetId":\#(number)}}"#)
        try driver.current(number)
        try driver.snapshot(12, token: "t2")
        #expect(driver.told.last?.removed == ["a"])
    }

    // MARK: - Bad input

    @Test(
        "What is none of Firestore's messages is known as that",
        arguments: [
            "", "[]", "{", "1", #"{"documentChange":{}}"#, #"{"documentChange":{"document":3}}"#,
            #"{"filter":{"count":"x"}}"#,
            #"{"targetChange":{"targetChangeType":"OTHER"}}"#, #"{"targetChange":{"readTime":"now"}}"#,
            #"{"documentDelete":{}}"#,
        ]
    )
    func nonsense(_ json: String) throws {
        var driver = WatchDriver()
        try driver.listen(1, WatchDriver.query())
        #expect(try !driver.hear(json))
    }

    @Test(
        "An error of the stream ends it, by its code",
        arguments: [
            ("UNAUTHENTICATED", FreshetError.Kind.unauthorized), ("PERMISSION_DENIED", .forbidden),
            ("UNAVAILABLE", .interrupted),
            ("UNKNOWN", .interrupted), ("RESOURCE_EXHAUSTED", .rateLimited(retryAfter: .seconds(60))),
        ]
    )
    func errors(_ code: String, _ kind: FreshetError.Kind) throws {
        var driver = WatchDriver()
        try driver.hear(#"{"error":{"code":1,"message":null,"status":"\#(code)"}}"#)
        #expect(driver.over?.kind == kind)
    }
}
