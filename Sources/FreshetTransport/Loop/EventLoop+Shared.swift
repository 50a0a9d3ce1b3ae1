// SPDX-License-Identifier: Apache-2.0

import FreshetCore

extension EventLoop {
    /// The loop that clients share unless they are given another.
    ///
    /// The first 64 connections live on a loop that waits by `poll()`, which is quickest for so few; those beyond on one that
    /// waits in libuv, where a message costs the same however many there are.
    public static var shared: EventLoop { Self.few.residents < 64 ? Self.few : Self.many }

    private static let few = EventLoop(.poll)
    private static let many = EventLoop(.libuv)

    /// How many connections and managers live here.
    package var residents: Int { self.state.withLock { $0.residents } }

    /// What lives on a loop holds one of these.
    package final class Residence: Sendable {
        private let loop: EventLoop

        package init(_ loop: EventLoop) {
            self.loop = loop
            loop.state.withLock { $0.residents += 1 }
        }

        deinit { self.loop.state.withLock { $0.residents -= 1 } }
    }
}
