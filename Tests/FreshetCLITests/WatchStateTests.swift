// SPDX-License-Identifier: Apache-2.0

import FreshetCore
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
}
