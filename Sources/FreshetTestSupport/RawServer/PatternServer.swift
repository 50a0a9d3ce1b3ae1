// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// Sends a `PatternStream` as fast as it is taken, and knows when it is held back.
package final class PatternServer: Sendable {
    private struct State: Sendable {
        var sent = 0
        var isAsked = false
        var isDone = false
    }

    /// How long the kernel must take nothing until that is called being held back.
    private static let patience: Int32 = 30

    private let server: RawServer
    private let state: Locked<State>
    private let answer: Witness<Int>

    /// - Parameters:
    ///   - total: how many bytes at least; then it closes.
    ///   - seed: of the stream.
    /// - Throws: when there is no port to listen on.
    package init(total: Int, seed: UInt64) throws(FreshetError) {
        let state = Locked(State())
        let answer = Witness<Int>()
        (self.state, self.answer) = (state, answer)
        self.server = try RawServer { connection in
            connection.limitSending(to: 256 << 10)
            connection.acceptUpgrade(subprotocol: nil)
            var stream = PatternStream(seed: seed)
            while stream.position < total {
                let message = stream.next()
                guard Self.send(RawConnection.header(0x82, message.count)[...], connection, state, answer),
                    Self.send(message, connection, state, answer)
                else { break }
            }
            connection.write(RawConnection.frame(0x88, [0x03, 0xE8]))
            state.withLock { $0.isDone = true }
            Self.tell(state, answer)  // whoever has asked: it is not held back any more
            connection.readToEnd()
        }
    }

    package var url: String { self.server.url }
    package var port: Int { self.server.port }
    package func stop() { self.server.stop() }

    /// Waits until the kernel takes nothing more from it, or all is sent; how many bytes it has sent then.
    package func heldBack() async -> Int? {
        let (isDone, sent) = self.state.withLock { state in
            state.isAsked = !state.isDone
            return (state.isDone, state.sent)
        }
        return isDone ? sent : await self.answer.next()
    }

    private static func send(
        _ bytes: ArraySlice<UInt8>,
        _ connection: RawConnection,
        _ state: Locked<State>,
        _ answer: Witness<Int>
    ) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            guard let count = connection.writeSome(rest) else { return false }
            state.withLock { $0.sent += count }
            rest = rest.dropFirst(count)
            if !rest.isEmpty, !connection.canWrite(within: Self.patience) { self.tell(state, answer) }
        }
        return true
    }

    private static func tell(_ state: Locked<State>, _ answer: Witness<Int>) {
        let sent: Int? = state.withLock { state in
            guard state.isAsked else { return nil }
            state.isAsked = false
            return state.sent
        }
        if let sent { answer.tell(sent) }
    }
}
