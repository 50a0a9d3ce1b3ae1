// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// Where in the old connection's stream the new one's begins: A is the old one, B the new one.
struct OverlapTests {
    private func overlap(_ old: [String], _ new: [String], hasPositions: Bool = false) -> Overlap {
        var overlap = Overlap(from: hasPositions ? Position(10) : nil)
        overlap.cameOnOld(old.map { .plain($0) })
        overlap.cameOnNew(new.map { .plain($0) })
        return overlap
    }

    private struct Answer: Equatable {
        let updates: [String]
        let repeated: [JSONValue]

        init(_ updates: [String], repeated: [JSONValue] = []) {
            self.updates = updates
            self.repeated = repeated
        }
    }

    private func answer(_ overlap: Overlap, afterLastWord: Bool = true) -> Answer? {
        overlap.takeOver(afterLastWord: afterLastWord).map { Answer($0.updates.texts, repeated: $0.repeated) }
    }

    // MARK: - Whether anything is known

    @Test("Before the server has confirmed the new subscription nobody knows", arguments: [true, false])
    func unconfirmed(hasPositions: Bool) {
        var overlap = Overlap(from: hasPositions ? Position(10) : nil)
        #expect(!overlap.isConfirmed)
        #expect(!overlap.canTakeOver(afterLastWord: true))
        overlap.confirmed()
        #expect(overlap.isConfirmed)
        #expect(overlap.canTakeOver(afterLastWord: true))
    }

    @Test("An element on the new connection confirms it, one on the old does not")
    func confirmedByElement() {
        var overlap = Overlap()
        overlap.cameOnOld([.plain("a")])
        #expect(!overlap.isConfirmed)
        overlap.cameOnNew([.plain("a")])
        #expect(overlap.isConfirmed)
    }

    @Test("A silent subscription is handed over when the old connection has said its last word, not before")
    func silent() {
        var overlap = Overlap()
        overlap.confirmed()
        #expect(!overlap.canTakeOver(afterLastWord: false))
        #expect(answer(overlap, afterLastWord: false) == nil)
        #expect(answer(overlap) == Answer([]))
    }

    @Test("When nothing has come on A, all that has come on B is new, but only after A's last word")
    func nothingOnOld() {
        let overlap = overlap([], ["a", "b"])
        #expect(!overlap.canTakeOver(afterLastWord: false))
        #expect(answer(overlap, afterLastWord: false) == nil)
        #expect(answer(overlap) == Answer(["a", "b"]))
    }

    @Test(
        "When something has come on A and nothing on B, B may still repeat it, but A's last word has to be waited for"
    )
    func nothingOnNew() {
        var overlap = overlap(["a"], [])
        overlap.confirmed()
        #expect(!overlap.canTakeOver(afterLastWord: false))
        #expect(answer(overlap, afterLastWord: false) == nil)
        #expect(overlap.canTakeOver(afterLastWord: true))
        #expect(answer(overlap) == Answer([], repeated: [.string("a")]))
    }

    @Test(
        "When the two have nothing in common yet, nobody knows before A's last word; after it all of B is new",
        arguments: [(["a"], ["b"]), (["a", "b"], ["c", "d"]), (["a", "b"], ["a", "c"])]
    )
    func nothingInCommon(_ old: [String], _ new: [String]) {
        #expect(!overlap(old, new).canTakeOver(afterLastWord: false))
        let answer = overlap(old, new).takeOver(afterLastWord: true)
        #expect(answer?.updates.texts == new)
        #expect(Set(answer?.repeated ?? []) == Set(old.map { .string($0) }))
    }

    @Test("B began before A did, which is where the feed began: what was before is not the feed's")
    func beganEarlier() {
        #expect(answer(overlap(["c", "d"], ["a", "b", "c"])) == Answer([], repeated: [.string("d")]))
        #expect(answer(overlap(["b"], ["a", "b", "c"])) == Answer(["c"]))
    }

    @Test("It is known as soon as A catches up")
    func catchesUp() {
        var overlap = overlap(["a"], ["b", "c"])
        #expect(answer(overlap, afterLastWord: false) == nil)
        overlap.cameOnOld([.plain("b")])
        #expect(overlap.canTakeOver(afterLastWord: false))
        #expect(answer(overlap) == Answer(["c"]))
        overlap.cameOnOld([.plain("c")])
        #expect(answer(overlap) == Answer([]))
    }

    // MARK: - Without keys

    @Test("B is as far as A: nothing is left to hand out")
    func level() {
        #expect(answer(overlap(["a", "b", "c"], ["b", "c"])) == Answer([]))
        #expect(answer(overlap(["a", "b", "c"], ["a", "b", "c"])) == Answer([]))
        #expect(answer(overlap(["a"], ["a"]), afterLastWord: false) == Answer([]))
    }

    @Test("B is ahead: the rest of it is new")
    func ahead() {
        #expect(answer(overlap(["a", "b", "c"], ["b", "c", "d", "e"])) == Answer(["d", "e"]))
        #expect(answer(overlap(["a"], ["a", "b"])) == Answer(["b"]))
    }

    @Test("B is behind: what A has delivered since is still to come on B, and is not to be handed out again")
    func behind() {
        #expect(answer(overlap(["a", "b", "c", "d"], ["b"])) == Answer([], repeated: ["c", "d"]))
        #expect(answer(overlap(["a", "b", "c", "d"], ["a", "b", "c"])) == Answer([], repeated: ["d"]))
    }

    @Test("Of several places where B may begin the latest counts: rather twice than never")
    func repeatedPayloads() {
        // B may have begun at any of the three.
        #expect(answer(overlap(["a", "a", "a"], ["a"])) == Answer([]))
        #expect(answer(overlap(["a", "a", "a"], ["a", "a"])) == Answer(["a"]))
        #expect(answer(overlap(["a", "b", "a"], ["a", "b", "a", "c"])) == Answer(["b", "a", "c"]))
        #expect(answer(overlap(["x", "a", "a"], ["x"])) == Answer([], repeated: ["a", "a"]))
    }

    @Test("Nothing is ever lost, wherever B begins and however far it is, even where payloads repeat themselves")
    func neverLost() {
        for seed in 0..<2000 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            let stream = (0..<8).map { _ in ["a", "b", "c"][random.below(3)] }
            let old = Array(stream[..<(1 + random.below(7))])
            // B begins within what has come on A since.
            let begin = random.below(old.count)
            let end = begin + 1 + random.below(stream.count - begin)
            let new = Array(stream[begin..<end])
            guard let (updates, repeated) = overlap(old, new).takeOver(afterLastWord: true) else {
                Issue.record("seed \(seed): A \(old), B \(new): no answer")
                return
            }
            var delivered = old + updates.texts
            // What is still to come on B, but what is said to be a repetition.
            let rest = stream[end...]
            guard repeated.count <= rest.count || rest.isEmpty else { continue }
            delivered += rest.dropFirst(repeated.count)
            guard contains(delivered, stream) else {
                Issue.record("seed \(seed): A \(old), B \(new): \(delivered) instead of \(stream)")
                return
            }
        }
    }

    /// Whether all of `part` is in `whole`, in order.
    private func contains(_ whole: [String], _ part: [String]) -> Bool {
        var left = part[...]
        for element in whole where element == left.first { left.removeFirst() }
        return left.isEmpty
    }

    // MARK: - With keys

    @Test("With keys the elements are the same when their keys are, whatever their bytes")
    func keys() {
        var overlap = Overlap()
        overlap.cameOnOld([.at(1, "one"), .at(2, "two")])
        overlap.cameOnNew([.at(2, "zwei"), .at(3, "drei")])
        #expect(answer(overlap) == Answer(["drei"]))
    }

    @Test("With keys equal bytes are different elements")
    func keysWithEqualBytes() {
        var overlap = Overlap()
        overlap.cameOnOld([.at(1, "x"), .at(2, "x")])
        overlap.cameOnNew([.at(3, "x")])
        #expect(answer(overlap, afterLastWord: false) == nil)
        overlap.cameOnOld([.at(3, "x")])
        #expect(answer(overlap) == Answer([]))
    }

    @Test(
        "A new subscription that began at the old one's position misses nothing: what A has delivered is a repetition"
    )
    func positions() {
        var overlap = Overlap(from: Position(10))
        overlap.cameOnOld([.at(11), .at(12)])
        overlap.confirmed()
        #expect(overlap.canTakeOver(afterLastWord: false))
        #expect(answer(overlap, afterLastWord: false) == Answer([], repeated: [.integer(11), .integer(12)]))
        overlap.cameOnNew([.at(11)])
        #expect(answer(overlap, afterLastWord: false) == Answer(["11"], repeated: [.integer(11), .integer(12)]))
    }

    @Test("What the new one repeats from before is a repetition as well")
    func repeatedFromBefore() {
        var overlap = Overlap(from: Position(9), repeated: [.integer(9), .integer(10)])
        overlap.cameOnOld([.at(11)])
        overlap.cameOnNew([.at(9)])
        #expect(answer(overlap) == Answer(["9"], repeated: [.integer(9), .integer(10), .integer(11)]))
    }

    // MARK: - Limits

    @Test("What may be held is limited, on both sides")
    func limits() {
        let many = Array(repeating: MarkedUpdate.plain("x"), count: Overlap.limit)
        var old = Overlap()
        old.cameOnOld(many)
        #expect(!old.isOverfull)
        old.cameOnOld([.plain("x")])
        #expect(old.isOverfull)
        var new = Overlap(from: Position(10))
        new.cameOnNew(many)
        #expect(!new.isOverfull)
        new.cameOnNew([.plain("x")])
        #expect(new.isOverfull)
        #expect(new.held.count == Overlap.limit + 1)
    }
}
