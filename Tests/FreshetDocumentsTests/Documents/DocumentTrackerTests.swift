// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import Testing

@testable import FreshetDocuments

/// What one feed hands out, item by item. Payloads are lines: `+a 3 x` (put), `-a 4` (delete).
@Suite struct DocumentTrackerTests {
    private static let reader = DocumentReader(changes: { payload throws(FreshetError) in
        let lines = payload.text.split(separator: "\n").map { $0.dropFirst().split(separator: " ").map(String.init) }
        let changes = zip(lines, payload.text.split(separator: "\n")).map { words, line -> RawChange in
            line.hasPrefix("-")
                ? .delete(key: words[0], version: words[1])
                : .put(Self.raw(words[0], words[1], words[2]))
        }
        return RawChanges(changes, position: lines.last.map { Position(text: $0[1]) })
    })

    private static func raw(_ key: String, _ version: String, _ text: String) -> RawDocument {
        RawDocument(key: key, version: version, value: Bytes(copying: text.utf8))
    }

    private static let text = DocumentCoding<String>(
        decode: { bytes throws(FreshetError) in
            guard bytes.text != "bad" else { throw FreshetError(.decoding, "it is bad") }
            return bytes.text
        },
        encode: { text throws(FreshetError) in Bytes(copying: text.utf8) }
    )

    private static func tracker() -> DocumentTracker<String> {
        DocumentTracker(coding: Self.text, reader: Self.reader)
    }

    private static func list(_ documents: RawDocument..., at position: String) -> FeedItem {
        .value(DocumentListing(documents, position: Position(text: position)), isSnapshot: true)
    }

    private static func update(_ lines: String...) -> FeedItem {
        .update(Bytes(copying: lines.joined(separator: "\n").utf8))
    }

    private static func document(_ key: String, _ version: String, _ value: String) -> Document<String> {
        Document(key: key, version: version, value: value)
    }

    @Test("In the first snapshot everything is added")
    func firstSnapshot() throws {
        var tracker = Self.tracker()
        let event = try tracker.event(Self.list(Self.raw("a", "1", "x"), Self.raw("b", "2", "y"), at: "2"))
        let (a, b) = (Self.document("a", "1", "x"), Self.document("b", "2", "y"))
        #expect(
            event
                == .snapshot(
                    DocumentSnapshot(
                        documents: [a, b],
                        changes: [.added(a), .added(b)],
                        position: Position(text: "2")
                    )
                )
        )
        #expect(tracker.position == Position(text: "2"))
    }

    @Test("A change knows what there was before")
    func previousValues() throws {
        var tracker = Self.tracker()
        _ = try tracker.event(Self.list(Self.raw("a", "1", "x"), at: "1"))
        let event = try tracker.event(Self.update("+a 2 y", "+b 2 z", "-a 3"))
        #expect(
            event.changes == [
                .modified(Self.document("a", "2", "y"), previous: Self.document("a", "1", "x")),
                .added(Self.document("b", "2", "z")),
                .removed(key: "a", version: "3", previous: Self.document("a", "2", "y")),
            ]
        )
        #expect(tracker.position == Position(text: "3"))
    }

    @Test("A snapshot after a gap says what was removed, changed and added, and leaves out what is the same")
    func difference() throws {
        var tracker = Self.tracker()
        _ = try tracker.event(
            Self.list(Self.raw("a", "1", "x"), Self.raw("b", "1", "x"), Self.raw("c", "1", "x"), at: "1")
        )
        _ = try tracker.event(.gap(Gap(cause: .compacted, reason: "", outage: .zero)))
        #expect(tracker.position == nil)
        let event = try tracker.event(
            Self.list(Self.raw("d", "9", "new"), Self.raw("b", "8", "y"), Self.raw("a", "1", "x"), at: "9")
        )
        #expect(
            event.changes == [
                .removed(key: "c", version: "1", previous: Self.document("c", "1", "x")),
                .added(Self.document("d", "9", "new")),
                .modified(Self.document("b", "8", "y"), previous: Self.document("b", "1", "x")),
            ]
        )
    }

    @Test("When the source has lost its history, equal versions say nothing")
    func otherHistory() throws {
        var tracker = Self.tracker()
        _ = try tracker.event(Self.list(Self.raw("a", "5", "old"), at: "5"))
        _ = try tracker.event(.gap(Gap(cause: .historyLost, reason: "", outage: .zero)))
        let event = try tracker.event(Self.list(Self.raw("a", "5", "other"), at: "5"))
        let (old, other) = (Self.document("a", "5", "old"), Self.document("a", "5", "other"))
        #expect(event.changes == [.modified(other, previous: old)])
        let again = try tracker.event(Self.list(Self.raw("a", "5", "other"), at: "6"))
        #expect(again.changes == [])
    }

    @Test("A bookmark is an update without changes")
    func bookmark() throws {
        var tracker = Self.tracker()
        let event = try tracker.event(.bookmark(Position(text: "7")))
        #expect(event == .update([]))
        #expect(tracker.position == Position(text: "7"))
    }

    @Test("A document that cannot be decoded is named, with its version")
    func undecodable() throws {
        var tracker = Self.tracker()
        let error = #expect(throws: FreshetError.self) { _ = try tracker.event(Self.update("+a 2 bad")) }
        #expect(error?.kind == .decoding)
        #expect(error?.message == "the document a of version 2: it is bad")
        #expect(error?.hint != nil)
    }

    @Test("A list got by polling is a snapshot like any other")
    func polled() throws {
        var tracker = Self.tracker()
        _ = try tracker.event(Self.list(Self.raw("a", "1", "x"), at: "1"))
        let event = try tracker.event(.rest(Self.list(Self.raw("a", "2", "y"), at: "2")))
        #expect(event.changes == [.modified(Self.document("a", "2", "y"), previous: Self.document("a", "1", "x"))])
    }
}
