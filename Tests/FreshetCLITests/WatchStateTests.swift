// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetDocuments
import Testing

@testable import FreshetCLI

/// What a process finds that goes on after one that was killed.
@Suite struct WatchStateTests {
    private static func output(_ length: Int64, inode: UInt64 = 7) -> WatchState.Output {
        WatchState.Output(device: 1, inode: inode, length: length)
    }

    private static let (before, after) = (Position(number: 4), Position(number: 5))

    /// Killed when 30 bytes were about to be written after the first 100.
    private static var killed: WatchState {
        var state = WatchState(source: "etcd")
        state.position = Self.before
        state.output = Self.output(100)
        state.pending = WatchState.Pending(position: Self.after, bytes: 30)
        return state
    }

    @Test("Without a record under way it goes on where the last one ended")
    func settled() {
        var state = WatchState(source: "etcd")
        #expect(state.resumption(Self.output(0)) == .goOn(nil))
        state.position = Self.before
        #expect(state.resumption(nil) == .goOn(Self.before))
    }

    @Test("Killed before the record was written: it is still to come")
    func notWritten() {
        #expect(Self.killed.resumption(Self.output(100)) == .goOn(Self.before))
    }

    @Test("Killed after the record was written: it is not written twice")
    func written() {
        #expect(Self.killed.resumption(Self.output(130)) == .goOn(Self.after))
        #expect(Self.killed.resumption(Self.output(200)) == .goOn(Self.after))
    }

    @Test("Killed within the record: what there is of it is taken away")
    func writtenInPart() {
        for length in Int64(101)...129 {
            #expect(Self.killed.resumption(Self.output(length)) == .cut(to: 100, Self.before))
        }
    }

    @Test("Where nobody can tell, the record is written again rather than never")
    func unknown() {
        #expect(Self.killed.resumption(nil) == .goOn(Self.before))
        #expect(Self.killed.resumption(Self.output(130, inode: 8)) == .goOn(Self.before))
        #expect(Self.killed.resumption(Self.output(20)) == .goOn(Self.before))
        var toPipe = Self.killed
        toPipe.output = nil
        #expect(toPipe.resumption(Self.output(130)) == .goOn(Self.before))
    }

    // MARK: - A run that ended within a state

    private static func document(_ key: String, _ value: String) -> Document<Bytes> {
        Document(key: key, version: "v\(value)", value: Bytes(copying: value.utf8))
    }

    private static let left: [DocumentChange<Bytes>] = [
        .added(Self.document("a", "1")), .modified(Self.document("b", "2"), previous: Self.document("b", "1")),
        .modified(Self.document("c", "3"), previous: nil),
        .removed(key: "d", version: "9", previous: Self.document("d", "4")),
    ]

    @Test("What is left of a state is still to come, unless it is what was under way and is written")
    func rest() {
        let (old, new) = ([KeptChange(Self.left[0]), KeptChange(Self.left[1])], [KeptChange(Self.left[1])])
        var state = WatchState(source: "etcd")
        (state.position, state.rest) = (Self.before, old)
        #expect(state.resumption(Self.output(0)) == .goOn(Self.before, rest: old))
        state.output = Self.output(100)
        state.pending = WatchState.Pending(position: Self.after, bytes: 30, rest: new)
        #expect(state.resumption(Self.output(100)) == .goOn(Self.before, rest: old))
        #expect(state.resumption(Self.output(115)) == .cut(to: 100, Self.before, rest: old))
        #expect(state.resumption(Self.output(130)) == .goOn(Self.after, rest: new))
        #expect(state.resumption(nil) == .goOn(Self.before, rest: old))
    }

    @Test("The next process has what is left, change by change; another watch does not begin there")
    func keeper() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "freshet-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let file = StateFile(path: path)
        let missing = try #require(#expect(throws: FreshetError.self) { try file.position() })
        #expect(missing.message == "there is no state file \(path)")

        var keeper = try WatchStateKeeper(path, source: "etcd")
        try keeper.willWrite(30, Self.after, rest: Self.left)
        try keeper.wrote()
        try keeper.settle()
        let next = try WatchStateKeeper(path, source: "etcd")
        #expect(next.position == Self.after)
        #expect(next.rest.map { KeptChange($0) } == Self.left.map { KeptChange($0) })
        #expect(next.rest.map { $0.document?.value.text } == ["1", "2", "3", nil])
        #expect(next.rest.map { $0.previous?.value.text } == [nil, "1", nil, "4"])
        #expect(next.rest.map(\.version) == ["v1", "v2", "v3", "9"])
        let within = try #require(#expect(throws: FreshetError.self) { try file.position() })
        #expect(within.message.contains("4 documents are still to be printed"))

        keeper = next
        try keeper.willWrite(30, Self.after)
        try keeper.wrote()
        try keeper.settle()
        #expect(try WatchStateKeeper(path, source: "etcd").rest.isEmpty)
        #expect(try file.position() == Self.after)
    }
}
